import type { JsonObject } from '@execgo/core';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect } from 'vitest';
import { type Door, NotOffered, notOffered, type Outcome, type Refusal } from './door.js';

/** The tools that ExecGo offers as an MCP server, through the client of the official SDK. */
export async function mcpDoor(url: string): Promise<Door> {
  const client = new Client({ name: 'doors', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));

  async function call(name: string, given: JsonObject, read: (answer: JsonObject) => Outcome): Promise<Outcome> {
    const { isError, content, structuredContent } = await client.callTool({ name, arguments: given });
    const answer = structuredContent as JsonObject;
    if (isError !== true) {
      expect(content).toEqual([{ type: 'text', text: JSON.stringify(answer) }]);
      return read(answer);
    }
    const { code, message } = answer.error as unknown as Refusal['error'];
    expect(content).toEqual([{ type: 'text', text: `${code}: ${message}` }]);
    return { error: { code, message } };
  }

  return {
    name: 'mcp',
    submit: (graph, key) => {
      const withKey = key === undefined ? graph : { ...graph, idempotency_key: key };
      return call('submit_task_graph', withKey, (receipt) => ({ ok: true, receipt }));
    },
    get: (id) => call('get_task', { id }, (task) => ({ ok: true, tasks: [task] })),
    wait: (id, timeoutMs) => call('wait_task', { id, timeout_ms: timeoutMs }, oneTask),
    list: async ({ status, type, graphId, annotations, limit, cursor }) => {
      if (annotations !== undefined) throw new NotOffered('list_tasks of MCP has no filter by annotation');
      const given = { status, type, graph_id: graphId, limit, cursor };
      const present = Object.entries(given).filter(([, value]) => value !== undefined);
      return call('list_tasks', Object.fromEntries(present) as JsonObject, ({ tasks, next_cursor: next }) => {
        return { ok: true, tasks: tasks as JsonObject[], ...(typeof next === 'string' && { next }) };
      });
    },
    cancel: (id, reason) => call('cancel_task', { id, ...(reason !== undefined && { reason }) }, oneTask),
    remove: notOffered('MCP has no tool that deletes'),
    graph: (graph_id, timeoutMs) => call('wait_task', { graph_id, timeout_ms: timeoutMs }, oneGraph),
    cancelGraph: (graph_id, reason) =>
      call('cancel_task', { graph_id, ...(reason !== undefined && { reason }) }, oneGraph),
    close: () => client.close(),
  };
}

const oneTask = ({ task }: JsonObject): Outcome => ({ ok: true, tasks: [task as JsonObject] });
const oneGraph = ({ graph }: JsonObject): Outcome => ({ ok: true, graph: graph as JsonObject });
