import { type JsonObject, type KernelTool, MAX_RETRY, PRIORITY_RANGE } from '@execgo/core';
import type { RuntimeKind } from './runtime-payload.js';

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };
const TEXT_MAP = { type: 'object', additionalProperties: TEXT };
const POSITIVE = { type: 'integer', minimum: 1 };

/** Schema of a graph of tasks: what `POST /tasks` and `task_graph.submit` take. */
export const TASK_GRAPH_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    tasks: {
      type: 'array',
      minItems: 1,
      description: 'Tasks that run as soon as the tasks they depend on have succeeded.',
      items: {
        type: 'object',
        properties: {
          id: { type: 'string', minLength: 1, maxLength: 256, description: 'Unique in the graph.' },
          type: { type: 'string', description: 'Category of the tool: os, mcp, cli-skills, runtime or another.' },
          tool_name: { type: 'string', description: 'The tool in that category.' },
          input: {
            description:
              'What the tool takes. {"$from": "<task id>", "pointer": "<JSON pointer>"} anywhere in it stands for that ' +
              'part of the result of a task in depends_on.',
          },
          params: { description: 'An older name of input.' },
          execution_category: { type: 'string', description: 'Carried as it is.' },
          depends_on: {
            ...TEXTS,
            description: 'Ids of tasks, in this graph or submitted before, that must succeed first.',
          },
          retry: { type: 'integer', maximum: MAX_RETRY, description: 'Further attempts after a failed one.' },
          timeout: { type: 'integer', description: 'Milliseconds for one attempt; none where absent.' },
          annotations: { ...TEXT_MAP, description: 'Carried, and never interpreted.' },
          priority: {
            type: 'integer',
            minimum: PRIORITY_RANGE.min,
            maximum: PRIORITY_RANGE.max,
            description: 'The higher one starts first. Default: 0.',
          },
          on_interrupt: {
            type: 'string',
            enum: ['retry', 'fail'],
            description: 'After a crash of the server: run again (the default), or fail.',
          },
        },
        required: ['id', 'type'],
      },
    },
  },
  required: ['tasks'],
};

/** `{tasks}`, or the same one level deeper. */
export const SUBMIT_INPUT_SCHEMA: JsonObject = {
  type: 'object',
  properties: { ...(TASK_GRAPH_SCHEMA.properties as JsonObject), task_graph: TASK_GRAPH_SCHEMA },
  anyOf: [{ required: ['tasks'] }, { required: ['task_graph'] }],
};

const COMMAND = {
  program: { type: 'string', minLength: 1, description: 'The program: run as it is, no shell looks at it.' },
  args: TEXTS,
  env: TEXT_MAP,
};
const SCRIPT = {
  script: { type: 'string', minLength: 1, description: 'Run by the interpreter.' },
  interpreter: { ...TEXTS, minItems: 1, description: 'Such as ["python3"]. Default: a shell.' },
  env: TEXT_MAP,
};

/** Flat, or with everything that says what runs in `execution`. */
export function runtimeInputSchema(kind: RuntimeKind): JsonObject {
  const [flat, required] = kind === 'runtime.command' ? [COMMAND, 'program'] : [SCRIPT, 'script'];
  return {
    type: 'object',
    properties: {
      ...flat,
      execution: {
        type: 'object',
        description: `The same as one member. Its kind is ${kind.slice('runtime.'.length)} unless it says otherwise.`,
        properties: { kind: { type: 'string', enum: ['command', 'script'] }, ...COMMAND, ...SCRIPT },
      },
      task_id: { type: 'string', description: 'Id of the task where the action has no action_id.' },
      limits: {
        type: 'object',
        properties: {
          wall_time_ms: POSITIVE,
          cpu_time_sec: POSITIVE,
          memory_bytes: POSITIVE,
          pids_max: POSITIVE,
          stdout_max_bytes: POSITIVE,
          stderr_max_bytes: POSITIVE,
        },
      },
      sandbox: {
        type: 'object',
        properties: {
          profile: { type: 'string', enum: ['process', 'linux_sandbox'] },
          workspace_subdir: TEXT,
          rootfs: TEXT,
          chroot: { type: 'boolean' },
          namespaces: { type: 'object', additionalProperties: { type: 'boolean' } },
        },
      },
      policy: {
        type: 'object',
        properties: { capability_mode: { type: 'string', enum: ['adaptive', 'strict'] } },
      },
      control_context: {
        type: 'object',
        description: 'What the runtime is told of the caller: tenant, owner, labels and requirements.',
      },
      metadata: { ...TEXT_MAP, description: 'Kept by the runtime with the task.' },
    },
    anyOf: [{ required: [required] }, { required: ['execution'] }],
  };
}

/** The name of a tool, and its arguments beside it. */
export function mcpInputSchema(tools: readonly KernelTool[]): JsonObject {
  const names = tools.filter(({ category }) => category === 'mcp').map(({ name }) => name);
  return {
    type: 'object',
    properties: {
      tool_name: {
        type: 'string',
        ...(names.length > 0 && { enum: names }),
        description:
          'server.tool, where action.tool_name does not say it. All other members are arguments of the tool.',
      },
    },
    additionalProperties: true,
  };
}
