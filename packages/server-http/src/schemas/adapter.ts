import { ACTION_KINDS } from '@execgo/adapter';
import * as v from 'valibot';
import { json, Task, TaskInput } from './task.js';

const text = (description: string) => v.nullish(v.pipe(v.string('expected a string'), v.description(description)));
const integer = (description: string) =>
  v.nullish(v.pipe(v.number('expected an integer'), v.safeInteger('expected an integer'), v.description(description)));
const textMap = (description: string) =>
  v.pipe(v.record(v.string(), v.nullable(v.string())), v.description(description));

/** An action of an agent, `adapter.v1`. */
export const ActionRequest = v.object({
  adapter: text('Which agent this is: `claudecode`, `codex`, `openclaw` or any other name. Default: `generic`'),
  agent_id: text('Carried in the annotations, as are the next two.'),
  session_id: text('Carried.'),
  action_id: text('Becomes the id of the task. Default: a fresh one.'),
  action: v.object({
    kind: v.pipe(
      v.string(),
      v.description(
        `One of ${ACTION_KINDS.map((kind) => `\`${kind}\``).join(', ')}, or an alias that \`/adapters/tools\` tells.`,
      ),
    ),
    tool_name: text('`server.tool` for `mcp.call`.'),
    input: v.exactOptional(json('As the `input_schema` of the kind has it.')),
    depends_on: v.nullish(v.array(v.string('expected a string'))),
    retry: integer('Further attempts after the first.'),
    timeout: integer('Milliseconds for one attempt.'),
  }),
  metadata: v.nullish(textMap('Become annotations.')),
});

const Trace = v.object({
  schema_version: v.string(),
  adapter: v.string(),
  agent_id: v.string(),
  session_id: v.string(),
  action_id: v.string(),
  source_kind: v.pipe(v.string(), v.description('The kind as it was sent.')),
  normalized_kind: v.picklist(ACTION_KINDS),
  task_ids: v.array(v.string()),
});

const answer = {
  task_ids: v.array(v.string()),
  translation_trace: Trace,
  warnings: v.exactOptional(v.pipe(v.array(v.string()), v.description('What was ignored.'))),
};

export const Translation = v.object({
  accepted: v.literal(0),
  ...answer,
  task_graph: v.object({
    tasks: v.array(
      v.object({ ...TaskInput.entries, status: v.string(), created_at: v.string(), updated_at: v.string() }),
    ),
  }),
});

export const AcceptedAction = v.object({
  accepted: v.pipe(v.number(), v.integer(), v.description('How many tasks.')),
  ...answer,
  graph_id: v.string(),
  task_graph: v.object({ tasks: v.array(Task) }),
});

export const Capabilities = v.object({
  schema_version: v.string(),
  profiles: v.array(v.string()),
  action_kinds: v.array(v.string()),
  compatibility_notes: v.array(v.string()),
});

const ToolManifest = v.object({
  schema_version: v.string(),
  tools: v.array(
    v.object({
      name: v.string(),
      action_kind: v.picklist(ACTION_KINDS),
      category: v.string(),
      description: v.string(),
      input_schema: v.pipe(v.record(v.string(), v.unknown()), v.description('JSON Schema.')),
      aliases: v.exactOptional(v.array(v.string())),
    }),
  ),
});

const FormattedTools = v.object({
  schema_version: v.string(),
  tools: v.pipe(v.array(v.record(v.string(), v.unknown())), v.description('As the API of that name takes them.')),
  calls: v.pipe(
    v.record(v.string(), v.record(v.string(), v.string())),
    v.description('What a call of each tool comes to: `type` and `tool_name` of a task, or an `action_kind`.'),
  ),
});

export const AgentTools = v.union([FormattedTools, ToolManifest]);
