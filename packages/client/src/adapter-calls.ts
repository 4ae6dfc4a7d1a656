import type { Json, JsonObject, TaskGraphInput, WireTask } from '@execgo/core';
import type { CallOptions } from './call-options.js';
import { keyHeader, type SubmitOptions } from './task-calls.js';
import type { Transport } from './transport.js';

/** What an agent wants done, in its own words (`adapter.v1`). */
export interface AdapterRequest {
  /** Whose words: `generic`, `claudecode`, `codex`, `openclaw`. @default 'generic' */
  readonly adapter?: string;
  readonly agent_id?: string;
  readonly session_id?: string;
  /** Becomes the id of the task. */
  readonly action_id?: string;
  readonly action: {
    /** Such as `os.shell`, or one of its aliases. */
    readonly kind: string;
    readonly tool_name?: string;
    readonly input?: unknown;
    readonly depends_on?: readonly string[];
    readonly retry?: number;
    /** Milliseconds for one attempt. */
    readonly timeout?: number;
  };
  /** Goes into the annotations. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How an action became tasks. */
export interface TranslationTrace {
  readonly schema_version: string;
  readonly adapter: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly action_id: string;
  readonly source_kind: string;
  readonly normalized_kind: string;
  readonly task_ids: readonly string[];
}

interface AdapterAnswer<Task> {
  readonly accepted: number;
  readonly task_ids: readonly string[];
  readonly task_graph: { readonly tasks: readonly Task[] };
  readonly translation_trace: TranslationTrace;
}

/** The tasks that an action became, as they are stored. */
export type AdapterReceipt = AdapterAnswer<WireTask>;
/** The tasks that an action would become; nothing is stored. */
export type AdapterTranslation = AdapterAnswer<TaskGraphInput['tasks'][number]>;

export interface AdapterCapabilities {
  readonly schema_version: string;
  readonly profiles: readonly string[];
  readonly action_kinds: readonly string[];
  readonly compatibility_notes: readonly string[];
}

export interface AdapterTool {
  readonly name: string;
  readonly action_kind: string;
  readonly category: string;
  readonly description: string;
  /** JSON Schema. */
  readonly input_schema: JsonObject;
  readonly aliases?: readonly string[];
}

export interface AdapterTools {
  readonly schema_version: string;
  readonly tools: readonly AdapterTool[];
}

/** Whose API the tools are to be shaped for. */
export type ToolFormat = 'openai' | 'anthropic' | 'mcp';

/** The calls that take what agents say. */
export interface AdapterCalls {
  capabilities(options?: CallOptions): Promise<AdapterCapabilities>;
  tools(): Promise<AdapterTools>;
  /** The tools in the shape that an API takes, as the server gives it. */
  tools(format: ToolFormat, options?: CallOptions): Promise<Json>;
  tools(format: undefined, options?: CallOptions): Promise<AdapterTools>;
  translate(action: AdapterRequest, options?: CallOptions): Promise<AdapterTranslation>;
  /** Translates and submits. Repeats are safe, those of the client itself too: all carry one key. */
  act(action: AdapterRequest, options?: SubmitOptions): Promise<AdapterReceipt>;
}

export function adapterCalls(transport: Transport): AdapterCalls {
  function tools(format?: undefined, options?: CallOptions): Promise<AdapterTools>;
  function tools(format: ToolFormat, options?: CallOptions): Promise<Json>;
  async function tools(format?: ToolFormat, { signal }: CallOptions = {}): Promise<AdapterTools | Json> {
    return transport.json<AdapterTools | (Json & object)>({ path: '/adapters/tools', query: { format }, signal });
  }

  return {
    capabilities: async ({ signal } = {}) => transport.object({ path: '/adapters/capabilities', signal }),
    tools,
    translate: async (action, { signal } = {}) =>
      transport.object({ method: 'POST', path: '/adapters/translate', body: action, signal }),
    act: async (action, { idempotencyKey = crypto.randomUUID(), signal } = {}) => {
      const headers = keyHeader(idempotencyKey);
      return transport.object({ method: 'POST', path: '/adapters/actions', headers, body: action, signal });
    },
  };
}
