import { MAX_ID_LENGTH, RUN_ERROR_CODES, TASK_STATUSES, TaskInputSchema } from '@execgo/core';
import * as v from 'valibot';

const described = <const S extends v.GenericSchema>(schema: S, description: string) =>
  v.pipe(schema, v.description(description));
const entries = TaskInputSchema.entries;

const time = (description: string) =>
  v.pipe(v.string(), v.isoTimestamp(), v.description(`${description} RFC 3339, UTC, milliseconds.`));
const json = (description: string) => v.pipe(v.unknown(), v.description(description));

/** One task of a submission: what the kernel checks, and what it says of an id and a type that are missing. */
export const TaskInput = v.pipe(
  v.object({
    id: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(MAX_ID_LENGTH),
      v.description('Unique in the graph. No control characters.'),
    ),
    type: described(
      v.string(),
      'The category of the tool: `os`, `mcp`, `cli-skills`, `runtime`, or whatever executors the server has; or one of `shell` `file` `dns` `tcp` `sleep` `noop` `http`, which stand for tools of `os`.',
    ),
    tool_name: described(entries.tool_name, 'The tool inside the category.'),
    params: v.exactOptional(
      json(
        'Input of the tool; `input` and `params` stand for each other. An object `{"$from": "<task id>", "pointer": "<RFC 6901>"}` anywhere inside stands for the result of a task in `depends_on`, or a part of it. At most 64 levels deep.',
      ),
    ),
    input: v.exactOptional(json('As `params`. Where both are given, `os` takes `params` and the others `input`.')),
    execution_category: described(entries.execution_category, 'Carried.'),
    depends_on: described(
      entries.depends_on,
      'Ids of tasks of this graph, or of tasks that the server knows already. The task starts when all have succeeded, and is skipped when one did not.',
    ),
    retry: described(entries.retry, 'Further attempts after the first. Default: 0'),
    timeout: described(entries.timeout, 'Milliseconds for one attempt; none where absent or not positive.'),
    annotations: described(entries.annotations, 'Carried, and filtered by.'),
    priority: described(entries.priority, 'Higher starts first among ready tasks. Default: 0'),
    on_interrupt: described(
      entries.on_interrupt,
      'What recovery does with a task that a crash interrupted: run it again (default), or fail it with `unknown`.',
    ),
  }),
  v.description('Fields that only the server sets are ignored, so that a task can be sent again as it was fetched.'),
);

export const TaskGraph = v.object({ tasks: v.array(TaskInput) });

export const Receipt = v.object({
  accepted: v.pipe(v.number(), v.integer(), v.description('How many tasks.')),
  task_ids: v.array(v.string()),
  graph_id: v.string(),
  warnings: v.exactOptional(v.pipe(v.array(v.string()), v.description('What was ignored.'))),
});

const status = v.picklist(TASK_STATUSES);
const runStatus = v.picklist(['accepted', 'running', 'retrying', 'success', 'failed', 'cancelled']);

export const RunError = v.object({
  code: v.picklist(RUN_ERROR_CODES),
  message: v.string(),
  retryable: v.exactOptional(v.boolean()),
  source: v.exactOptional(described(v.string(), 'Which part said so.')),
  details: v.exactOptional(json('Facts for a program.')),
});

export const Progress = v.object({
  timestamp: time('When.'),
  message: v.exactOptional(v.string()),
  data: v.exactOptional(json('Whatever the tool gave with the note.')),
});

const Runtime = v.object({
  status: runStatus,
  handle_id: v.exactOptional(v.string()),
  output: v.exactOptional(json('The same value as `result`.')),
  started_at: v.exactOptional(time('Start of the newest attempt.')),
  finished_at: v.exactOptional(time('Its end.')),
  duration_ms: v.exactOptional(v.pipe(v.number(), v.integer())),
  attempt: v.exactOptional(v.pipe(v.number(), v.integer(), v.description('1 for the first.'))),
  details: v.exactOptional(json('Where it ran, and what bounded it.')),
  error: v.exactOptional(RunError),
});

const spec = {
  id: v.string(),
  type: v.string(),
  tool_name: v.exactOptional(v.string()),
  params: v.exactOptional(json('Input of the tool.')),
  input: v.exactOptional(json('Input of the tool.')),
  execution_category: v.exactOptional(v.string()),
  depends_on: v.exactOptional(v.array(v.string())),
  retry: v.exactOptional(v.pipe(v.number(), v.integer())),
  timeout: v.exactOptional(v.pipe(v.number(), v.integer())),
  annotations: v.exactOptional(v.record(v.string(), v.string())),
  priority: v.exactOptional(v.pipe(v.number(), v.integer())),
  on_interrupt: v.exactOptional(v.picklist(['retry', 'fail'])),
};

export const Task = v.pipe(
  v.object({
    ...spec,
    status: described(status, '`success`, `failed` and `skipped` are terminal.'),
    run_status: v.exactOptional(described(runStatus, 'Finer than `status`: what the newest attempt came to.')),
    handle_id: v.exactOptional(v.string()),
    progress: v.exactOptional(v.pipe(v.array(Progress), v.description('The newest 100 notes.'))),
    result: v.exactOptional(json('What the tool gave; kept on failure too where there is something.')),
    runtime: v.exactOptional(Runtime),
    error: v.exactOptional(described(v.string(), 'For people; `runtime.error` is for programs.')),
    created_at: time('When it was submitted.'),
    updated_at: time('When it changed last.'),
    graph_id: v.exactOptional(described(v.string(), 'The submission it came with.')),
  }),
  v.description('Empty and zero optional fields are left out.'),
);

export const GraphSummary = v.object({
  graph_id: v.string(),
  counts: v.pipe(
    v.object(
      Object.fromEntries(
        TASK_STATUSES.map((name) => [name, v.exactOptional(v.pipe(v.number(), v.integer()))]),
      ) as Record<string, v.GenericSchema>,
    ),
    v.description('Tasks by status.'),
  ),
  task_ids: v.pipe(
    v.array(v.string()),
    v.description('In order of submission; deleted and replaced ones are left out.'),
  ),
  done: described(v.boolean(), 'All are terminal.'),
});

export { json, status as TaskStatus, time };
