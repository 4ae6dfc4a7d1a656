import type { JsonObject } from '@execgo/core';
import type { Door, ListQuery, Outcome } from './door.js';
import { httpRefusal } from './http-status.js';

interface Request {
  readonly method?: string;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The HTTP API by `fetch` alone. */
export function httpDoor(url: string): Door {
  const call = async (path: string, { method = 'GET', body, headers = {} }: Request, read: Read): Promise<Outcome> => {
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? {} : JSON.parse(text);
    return response.ok ? read(answer, response) : httpRefusal(response.status, answer.code, answer.error);
  };

  return {
    name: 'http',
    submit: (graph, key) => {
      const headers = key === undefined ? {} : { 'Idempotency-Key': key };
      return call('/tasks', { method: 'POST', body: graph, headers }, (receipt) => ({ ok: true, receipt }));
    },
    get: (id) => call(taskPath(id), {}, oneTask),
    wait: (id, timeoutMs) => call(`${taskPath(id)}?wait=${timeoutMs}`, {}, oneTask),
    list: (query) =>
      call(`/tasks?${parameters(query)}`, {}, (answer, { headers }) => {
        const next = headers.get('x-next-cursor');
        return { ok: true, tasks: answer as unknown as JsonObject[], ...(next !== null && { next }) };
      }),
    cancel: (id, reason) => call(`${taskPath(id)}/cancel`, cancellation(reason), oneTask),
    remove: (id) => call(taskPath(id), { method: 'DELETE' }, () => ({ ok: true })),
    graph: (graphId, timeoutMs) => call(`${graphPath(graphId)}?wait=${timeoutMs}`, {}, oneGraph),
    cancelGraph: (graphId, reason) => call(`${graphPath(graphId)}/cancel`, cancellation(reason), oneGraph),
    close: async () => {},
  };
}

type Read = (answer: JsonObject, response: Response) => Outcome;

const oneTask: Read = (task) => ({ ok: true, tasks: [task] });
const oneGraph: Read = (graph) => ({ ok: true, graph });

function taskPath(id: string): string {
  return `/tasks/${encodeURIComponent(id)}`;
}

function graphPath(graphId: string): string {
  return `/graphs/${encodeURIComponent(graphId)}`;
}

function cancellation(reason: string | undefined): Request {
  return { method: 'POST', ...(reason !== undefined && { body: { reason } }) };
}

function parameters({ status, type, graphId, annotations = {}, limit, cursor }: ListQuery): URLSearchParams {
  const given = { status, type, graph_id: graphId, limit, cursor };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, String(value));
  for (const [name, value] of Object.entries(annotations)) query.set(`annotation.${name}`, value);
  return query;
}
