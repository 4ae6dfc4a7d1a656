import {
  adapterCapabilities,
  checkTranslatedGraph,
  formatTools,
  type Translation,
  toolManifest,
  translateAction,
} from '@execgo/adapter';
import {
  inTurns,
  isExecGoError,
  type JsonObject,
  type Kernel,
  nextTurn,
  type TaskGraphInput,
  toWire,
} from '@execgo/core';
import type { ResolvedOptions } from '../app-options.js';
import type { Call } from '../call.js';
import type { Route } from '../endpoint.js';
import { freshId } from '../fresh-id.js';
import { jsonBody } from '../json-body.js';
import { Query } from '../query.js';
import { submitOptions } from '../submit-options.js';
import { FORMAT, GET_CAPABILITIES, LIST_AGENT_TOOLS, SUBMIT_ACTION, TRANSLATE_ACTION } from './adapter-operations.js';

/** `/adapters/*`: actions of agents, in the form `adapter.v1`. */
export function adapterRoutes(options: ResolvedOptions): readonly Route[] {
  const { kernel } = options;
  return [
    {
      path: '/adapters/capabilities',
      methods: { GET: { operation: GET_CAPABILITIES, handle: (call) => call.json(200, adapterCapabilities()) } },
    },
    {
      path: '/adapters/tools',
      methods: {
        GET: {
          operation: LIST_AGENT_TOOLS,
          handle: async (call) => {
            const format = FORMAT.read(new Query(call.url));
            const tools = await kernel.tools();
            return call.json(200, format === undefined ? toolManifest(tools) : formatTools(tools, format));
          },
        },
      },
    },
    {
      path: '/adapters/translate',
      // It stores nothing.
      methods: { POST: { operation: TRANSLATE_ACTION, scope: 'read', handle: (call) => translate(call, options) } },
    },
    {
      path: '/adapters/actions',
      methods: { POST: { operation: SUBMIT_ACTION, handle: (call) => act(call, options) } },
    },
  ];
}

async function translate(call: Call, { clock, limits }: ResolvedOptions): Promise<Response> {
  const translation = await translated(call, limits.maxBodyBytes);
  const warnings = [...translation.warnings, ...(await inTurns(clock, checkTranslatedGraph(translation)))];
  const { task_ids, task_graph, translation_trace } = translation;
  return call.json(200, { accepted: 0, task_ids, task_graph, translation_trace, ...warned(warnings) });
}

async function act(call: Call, { kernel, clock, limits }: ResolvedOptions): Promise<Response> {
  const translation = await translated(call, limits.maxBodyBytes);
  const receipt = await kernel.submit(translation.task_graph as TaskGraphInput, submitOptions(call));
  const { accepted, task_ids, graph_id } = receipt;
  const tasks: JsonObject[] = [];
  for (let at = 0; at < task_ids.length; at += limits.streamBatchItems) {
    if (at > 0) await nextTurn(clock);
    const stored = await Promise.all(
      task_ids.slice(at, at + limits.streamBatchItems).map((id) => storedTask(kernel, id)),
    );
    tasks.push(...stored.filter((task) => task !== undefined));
  }
  return call.json(202, {
    accepted,
    task_ids,
    graph_id,
    task_graph: { tasks },
    translation_trace: translation.translation_trace,
    ...warned([...translation.warnings, ...receipt.warnings]),
  });
}

async function translated(call: Call, maxBodyBytes: number): Promise<Translation> {
  const body = await jsonBody(call, maxBodyBytes);
  return translateAction(body, { generateId: () => freshId('adapter', submitOptions(call)) });
}

/** A repeat with its key is answered after its tasks may have been deleted: those are left out. */
async function storedTask(kernel: Kernel, id: string): Promise<JsonObject | undefined> {
  try {
    return toWire(await kernel.get(id));
  } catch (error) {
    if (isExecGoError(error, 'not_found')) return undefined;
    throw error;
  }
}

function warned(warnings: readonly string[]): { readonly warnings?: readonly string[] } {
  return warnings.length > 0 ? { warnings } : {};
}
