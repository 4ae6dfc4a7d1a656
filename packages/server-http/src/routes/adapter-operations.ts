import { TOOL_FORMATS } from '@execgo/adapter';
import { TASK_EXAMPLE } from '../openapi/examples.js';
import { jsonAnswer, type Operation } from '../openapi/operation.js';
import { IDEMPOTENCY_KEY } from '../openapi/parameters.js';
import { choiceParameter } from '../query-parameter.js';
import { AcceptedAction, ActionRequest, AgentTools, Capabilities, Translation } from '../schemas/adapter.js';

export const FORMAT = choiceParameter(
  {
    name: 'format',
    description: 'Every tool in the shape that this API takes, instead of the kinds of action.',
  },
  TOOL_FORMATS,
);

const REQUEST = {
  adapter: 'codex',
  action_id: 'build',
  action: { kind: 'os.shell', input: { command: 'ls', args: ['-l'] }, timeout: 60_000 },
};
const ANNOTATIONS = { adapter_schema: 'adapter.v1', adapter: 'codex', action_kind: 'os.shell', action_id: 'build' };
const TASK = {
  id: 'build',
  type: 'os',
  tool_name: 'shell',
  input: REQUEST.action.input,
  execution_category: 'os',
  timeout: 60_000,
  annotations: ANNOTATIONS,
};
const TRACE = {
  schema_version: 'adapter.v1',
  adapter: 'codex',
  agent_id: '',
  session_id: '',
  action_id: 'build',
  source_kind: 'os.shell',
  normalized_kind: 'os.shell',
  task_ids: ['build'],
};
const NO_TIME = '0001-01-01T00:00:00Z';
const body = { description: 'The action.', schema: ActionRequest, example: REQUEST };

export const GET_CAPABILITIES: Operation = {
  operationId: 'getCapabilities',
  tag: 'agents',
  summary: 'Which kinds of action agents can send',
  answers: {
    200: jsonAnswer('Always the same for one version.', Capabilities, {
      schema_version: 'adapter.v1',
      profiles: ['generic', 'codex'],
      action_kinds: ['os.shell', 'os.file'],
      compatibility_notes: ['An action becomes a task like every other.'],
    }),
  },
};

export const LIST_AGENT_TOOLS: Operation = {
  operationId: 'listAgentTools',
  tag: 'agents',
  summary: 'What agents can use, with the schema of each input',
  parameters: [FORMAT],
  answers: {
    200: jsonAnswer('The kinds of action, or the tools in the format asked for.', AgentTools, {
      schema_version: 'adapter.v1',
      tools: [
        {
          name: 'execgo.os.noop',
          action_kind: 'os.noop',
          category: 'os',
          description: 'Does nothing and succeeds.',
          input_schema: { type: 'object', properties: { message: { type: 'string' } } },
          aliases: ['noop'],
        },
      ],
    }),
  },
  errors: ['unavailable'],
};

export const TRANSLATE_ACTION: Operation = {
  operationId: 'translateAction',
  tag: 'agents',
  summary: 'Show which tasks an action would become',
  description: 'Nothing is stored. What it answers can be sent to `POST /tasks` as it is.',
  body,
  answers: {
    200: jsonAnswer('The tasks, as they would be submitted.', Translation, {
      accepted: 0,
      task_ids: ['build'],
      task_graph: { tasks: [{ ...TASK, status: '', created_at: NO_TIME, updated_at: NO_TIME }] },
      translation_trace: TRACE,
    }),
  },
};

export const SUBMIT_ACTION: Operation = {
  operationId: 'submitAction',
  tag: 'agents',
  summary: 'Submit an action',
  description: 'It becomes one task or, for `task_graph.submit`, a graph of tasks.',
  parameters: [IDEMPOTENCY_KEY],
  body,
  answers: {
    202: jsonAnswer('It is durable, and runs.', AcceptedAction, {
      accepted: 1,
      task_ids: ['build'],
      graph_id: 'g17-5d1f0a2b',
      task_graph: { tasks: [{ ...TASK_EXAMPLE, annotations: ANNOTATIONS }] },
      translation_trace: TRACE,
    }),
  },
  errors: ['not_found', 'conflict', 'resource_exhausted', 'unavailable'],
};
