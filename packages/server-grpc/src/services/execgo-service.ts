import { actorOf } from '@execgo/access';
import {
  type CancelOptions,
  ExecGoError,
  errorMessage,
  goDuration,
  isExecGoError,
  type KernelHealth,
} from '@execgo/core';
import type { Call } from '../call.js';
import { textOf } from '../caller-of.js';
import { ExecGo } from '../gen/execgo/v1/execgo_pb.js';
import { type Route, serverStream, unary } from '../route.js';
import type { ResolvedServerOptions } from '../server-options.js';
import { watchTasks } from '../task-events.js';
import { graphInput, invalidField } from '../task-input.js';
import { listTasks } from '../task-list.js';
import { int64, ownCopy, taskMessage } from '../task-message.js';

/** `execgo.v1.ExecGo`: each method a call of the kernel, and nothing more. */
export function execgoService(options: ResolvedServerOptions): readonly Route[] {
  const { kernel, limits } = options;
  const { method } = ExecGo;
  return [
    unary(method.submitTasks, 'submit', async (graph, call) => {
      const key = textOf(call.metadata, 'idempotency-key');
      const submission = { ...actorOf(call.caller), ...(key !== null && { idempotencyKey: key }) };
      const receipt = await kernel.submit(graphInput(graph), submission).catch(inWordsOfV1);
      const { accepted, task_ids, graph_id, warnings } = receipt;
      return { accepted, taskIds: [...task_ids], graphId: graph_id, warnings: [...warnings] };
    }),
    unary(method.getTask, 'read', async ({ id }) => ({ task: taskMessage(await kernel.get(required(id))) })),
    unary(method.listTasks, 'read', (request, call) => listTasks(request, call, options)),
    unary(method.cancelTask, 'submit', async ({ id, reason }, call) => {
      const cancelled = await kernel.cancel(required(id), cancelOptions(reason, call, limits.maxReasonLength));
      return { task: taskMessage(cancelled) };
    }),
    unary(method.deleteTask, 'admin', async ({ id }, call) => {
      await kernel.remove(required(id), actorOf(call.caller));
      return { deleted: true };
    }),
    serverStream(method.watchTasks, 'read', (request, call) => watchTasks(request, call, kernel)),
    unary(method.health, 'nothing', (_request, call) => health(options, call)),
    unary(method.metrics, 'read', async () => {
      const stats = kernel.stats();
      return {
        tasksTotal: int64(stats.submitted),
        tasksRunning: int64(stats.running),
        tasksSucceeded: int64(stats.succeeded),
        // Failed, cancelled and skipped ones, as the first version counted.
        tasksFailed: int64(stats.failed + stats.skipped),
        byType: mapValues(stats.byType, int64),
      };
    }),
  ];
}

/** `status` is always `ok`, as clients of the first version expect. What is wrong is told to those who may call. */
async function health({ kernel, version, clock, startedAtMs }: ResolvedServerOptions, { isKnown }: Call) {
  const { state, problems } = await kernel
    .health()
    .catch((error: unknown): KernelHealth => ({ state: 'failed', problems: { kernel: errorMessage(error) } }));
  const uptime = goDuration(clock.monotonic() - startedAtMs);
  return { status: 'ok', version, uptime, state, problems: isKnown ? ownCopy(problems) : {} };
}

function required(id: string): string {
  if (id === '') throw invalidField('id', 'is required');
  return id;
}

function cancelOptions(reason: string, { caller }: Call, maxLength: number): CancelOptions {
  if (reason.length > maxLength) throw invalidField('reason', `at most ${maxLength} characters`);
  return { ...actorOf(caller), ...(reason !== '' && { reason }) };
}

/** The first version worded the error of an unknown type otherwise over gRPC than over HTTP. */
function inWordsOfV1(error: unknown): never {
  const { type, available } = (isExecGoError(error, 'invalid_input') && error.details) || {};
  if (typeof type !== 'string' || !Array.isArray(available)) throw error;
  const message = `unknown task type ${JSON.stringify(type)} (available: [${available.join(' ')}])`;
  throw new ExecGoError('invalid_input', message, { details: { type, available }, cause: error });
}

function mapValues<T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return ownCopy(Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)])));
}
