import { type JsonObject, TASK_STATUSES, type TaskInput, TaskInputSchema } from '@execgo/core';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';

type Described = v.SchemaWithPipe<readonly [v.GenericSchema, v.DescriptionAction<never, string>]> | v.GenericSchema;

/** The schema of a tool's arguments, or of its structured content, as MCP tells it. */
export function jsonSchemaOf(schema: Described): JsonObject & { readonly type: 'object' } {
  const { $schema: _dialect, ...rest } = toJsonSchema(schema, { typeMode: 'input' });
  return { ...(rest as JsonObject), type: 'object' };
}

/** What each field of a task means, for who writes one. Every field that can be sent is here. */
const TASK_FIELDS: Readonly<Record<keyof TaskInput, string>> = {
  id: 'Unique in the graph; names the task from then on. An id whose task has ended may be used again.',
  type: 'Category: os, mcp, cli-skills, or another one that the server has.',
  tool_name: 'The tool inside the category: shell, file, http, dns, tcp, sleep, noop for os; server.tool for mcp.',
  params: 'The same as input, by its older name.',
  input:
    'Arguments of the tool. Anywhere inside, {"$from": "<task id>", "pointer": "/path"} stands for a part of the result of a task that is in depends_on.',
  execution_category: 'Carried, never interpreted.',
  depends_on: 'Ids of tasks of this graph, or of tasks that the server knows, which must have succeeded before.',
  retry: 'Further attempts after a failed one.',
  timeout: 'Milliseconds for one attempt; none where it is absent.',
  annotations: 'Carried, never interpreted.',
  priority: 'Of tasks that could start, the higher one does.',
  on_interrupt:
    'What happens to the task when the server crashes while it runs: it runs again (retry) or is failed (fail).',
};

/** What the kernel checks by hand, so that its schema says nothing. */
const CHECKED_BY_HAND: Readonly<Partial<Record<keyof TaskInput, JsonObject>>> = {
  params: {},
  input: {},
  annotations: { type: 'object', additionalProperties: { type: 'string' } },
};

/** JSON Schema of one task as it is submitted, made from the schema that checks it. `null` is taken for absent, and not told. */
function taskInputSchema(): JsonObject {
  const fields = Object.keys(TASK_FIELDS) as (keyof TaskInput)[];
  const properties = fields.map((name): [string, JsonObject] => {
    const { $schema: _dialect, ...plain } = toJsonSchema(TaskInputSchema.entries[name].wrapped, {
      typeMode: 'input',
      errorMode: 'ignore',
    });
    return [name, { ...(CHECKED_BY_HAND[name] ?? (plain as JsonObject)), description: TASK_FIELDS[name] }];
  });
  return { type: 'object', properties: Object.fromEntries(properties), required: ['id', 'type'] };
}

/** JSON Schema of the argument that makes a repeat safe. */
export const IDEMPOTENCY_KEY_SCHEMA: JsonObject = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: '^[!-~]+$',
  description:
    'Makes a repeat safe, for 24 hours, also across a restart of the server: the same call with the same key runs nothing again and is answered as the first one was.',
};

/** The arguments of `submit_task_graph`; tasks are checked by the kernel, which names the place of what is wrong. */
export const SUBMIT_INPUT = v.strictObject({
  tasks: v.unknown(),
  idempotency_key: v.optional(v.string('expected a string')),
});

export function submitInputSchema(): JsonObject & { readonly type: 'object' } {
  return {
    type: 'object',
    properties: {
      tasks: { type: 'array', minItems: 1, items: taskInputSchema() },
      idempotency_key: IDEMPOTENCY_KEY_SCHEMA,
    },
    required: ['tasks'],
    additionalProperties: false,
  };
}

const id = v.pipe(v.string('expected the id of a task'), v.description('Id of a task.'));
const graph_id = v.pipe(
  v.string('expected the id of a graph'),
  v.description('Id that a submission was answered with.'),
);
const status = v.picklist(TASK_STATUSES, `expected one of ${TASK_STATUSES.join(', ')}`);

function wholeNumber(min: number, max: number, description: string) {
  const problem = `expected a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(problem),
    v.integer(problem),
    v.minValue(min, problem),
    v.maxValue(max, problem),
    v.description(description),
  );
}

export const GET_INPUT = v.strictObject({ id });

export function waitInput(defaultMs: number, maxMs: number) {
  return v.strictObject({
    id: v.optional(id),
    graph_id: v.optional(graph_id),
    timeout_ms: v.optional(wholeNumber(0, maxMs, `How long to wait at most, in milliseconds. Default: ${defaultMs}.`)),
  });
}

export const CANCEL_INPUT = v.strictObject({
  id: v.optional(id),
  graph_id: v.optional(graph_id),
  reason: v.optional(
    v.pipe(
      v.string('expected a string'),
      v.maxLength(1000, 'expected at most 1000 characters'),
      v.description('Goes into the error of what is cancelled.'),
    ),
  ),
});

export function listInput(defaultItems: number, maxItems: number) {
  return v.strictObject({
    status: v.optional(status),
    type: v.optional(v.pipe(v.string('expected a string'), v.description('Category: os, mcp, cli-skills, …'))),
    graph_id: v.optional(graph_id),
    limit: v.optional(wholeNumber(1, maxItems, `Most tasks in the answer. Default: ${defaultItems}.`)),
    cursor: v.optional(
      v.pipe(
        v.string('expected a string'),
        v.regex(/^[1-9]\d{0,15}$/, 'expected next_cursor of an earlier answer'),
        v.description('next_cursor of the answer before.'),
      ),
    ),
  });
}

const summary = {
  id: v.string(),
  type: v.string(),
  tool_name: v.optional(v.string()),
  depends_on: v.optional(v.array(v.string())),
  status,
  run_status: v.optional(v.picklist(['accepted', 'running', 'retrying', 'success', 'failed', 'cancelled'])),
  error: v.optional(v.string()),
  graph_id: v.optional(v.string()),
  created_at: v.string(),
  updated_at: v.string(),
};
const taskSummaries = v.array(v.looseObject(summary));
const runError = v.looseObject({ code: v.string(), message: v.string(), retryable: v.optional(v.boolean()) });

export const TASK_OUTPUT = v.looseObject({
  ...summary,
  result: v.optional(v.unknown()),
  handle_id: v.optional(v.string()),
  progress: v.optional(v.array(v.looseObject({ timestamp: v.string(), message: v.optional(v.string()) }))),
  runtime: v.optional(
    v.looseObject({ status: v.string(), attempt: v.optional(v.number()), error: v.optional(runError) }),
  ),
});

const graph = v.looseObject({
  graph_id: v.string(),
  counts: v.record(v.string(), v.number()),
  task_ids: v.array(v.string()),
  done: v.boolean(),
});

export const SUBMIT_OUTPUT = v.object({
  accepted: v.number(),
  task_ids: v.array(v.string()),
  graph_id: v.string(),
  warnings: v.array(v.string()),
});

export const WAIT_OUTPUT = v.object({
  done: v.pipe(v.boolean(), v.description('Everything asked about has ended. Where it is false, wait again.')),
  task: v.optional(TASK_OUTPUT),
  graph: v.optional(graph),
  tasks: v.optional(v.pipe(taskSummaries, v.description('The tasks of the graph, as far as the answer holds them.'))),
});

export const CANCEL_OUTPUT = v.object({ task: v.optional(TASK_OUTPUT), graph: v.optional(graph) });

export const LIST_OUTPUT = v.object({ tasks: taskSummaries, next_cursor: v.optional(v.string()) });
