import { createClient, ExecGoHttpError, ExecGoOptionError } from '@execgo/client';
import type { JsonObject, TaskGraphInput } from '@execgo/core';
import type { Door, Outcome } from './door.js';
import { httpRefusal } from './http-status.js';

/** The client SDK. It tries nothing twice, so that every refusal is the first one. */
export function clientDoor(url: string): Door {
  const client = createClient({ url, retry: false });
  const oneTask = (task: unknown): Outcome => ({ ok: true, tasks: [task as JsonObject] });
  const oneGraph = (graph: unknown): Outcome => ({ ok: true, graph: graph as JsonObject });
  const because = (reason: string | undefined) => (reason === undefined ? {} : { reason });

  return {
    name: 'client',
    submit: (graph, idempotencyKey) =>
      client
        .submit(graph as unknown as TaskGraphInput, idempotencyKey === undefined ? {} : { idempotencyKey })
        .then((receipt): Outcome => ({ ok: true, receipt: receipt as unknown as JsonObject }), refused),
    get: (id) => client.get(id).then(oneTask, refused),
    wait: (id, timeoutMs) => client.wait(id, { timeoutMs }).then(oneTask, refused),
    list: (query) =>
      client.listPage(query).then(({ tasks, next }): Outcome => {
        return { ok: true, tasks: tasks as unknown as JsonObject[], ...(next !== undefined && { next }) };
      }, refused),
    cancel: (id, reason) => client.cancel(id, because(reason)).then(oneTask, refused),
    remove: (id) => client.remove(id).then((): Outcome => ({ ok: true }), refused),
    graph: (graphId, timeoutMs) => client.waitGraph(graphId, { timeoutMs }).then(oneGraph, refused),
    cancelGraph: (graphId, reason) => client.cancelGraph(graphId, because(reason)).then(oneGraph, refused),
    close: async () => {},
  };
}

/** What the client refuses itself has no code of the API: it is what the API calls invalid input. */
function refused(error: unknown): Outcome {
  if (error instanceof ExecGoHttpError) return httpRefusal(error.status, error.code, error.message);
  if (error instanceof ExecGoOptionError) return { error: { code: 'invalid_input', message: error.message } };
  throw error;
}
