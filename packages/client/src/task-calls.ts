import type { TaskGraphInput, TaskStatus, WireReceipt, WireTask } from '@execgo/core';
import type { CallOptions } from './call-options.js';
import { ExecGoOptionError } from './errors.js';
import { deadlineOf, longPoll, type WaitOptions } from './long-poll.js';
import { segment } from './path.js';
import { remove } from './remove.js';
import type { Transport } from './transport.js';

export interface SubmitOptions extends CallOptions {
  /** 1–256 visible ASCII characters, for a repeat that is to be answered with the first receipt. @default a random one of this call */
  readonly idempotencyKey?: string;
}

export interface CancelOptions extends CallOptions {
  /** Goes into the error message of the task. */
  readonly reason?: string;
}

export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly type?: string;
  readonly graphId?: string;
  readonly handleId?: string;
  /** All of these must match. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface TaskPageQuery extends TaskFilter, CallOptions {
  /** Most tasks in the page. @default 100 */
  readonly limit?: number;
  /** `next` of the page before. @default from the newest task */
  readonly cursor?: string;
}

export interface WireTaskPage {
  /** Newest first. */
  readonly tasks: readonly WireTask[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

export interface WaitResult {
  /** In the order in which they were asked for. */
  readonly tasks: readonly WireTask[];
  readonly all_terminal: boolean;
}

/** Tasks in one request where nobody says how many. */
const PAGE_SIZE = 100;

/** The calls that concern tasks. */
export interface TaskCalls {
  /**
   * Submits a graph; resolves when it is durable. Repeats are safe, those of the client itself too: all carry one key.
   * @throws ExecGoHttpError `invalid_input` naming the field, `denied`, `too_large`, `conflict`
   */
  submit(graph: TaskGraphInput, options?: SubmitOptions): Promise<WireReceipt>;
  get(id: string, options?: CallOptions): Promise<WireTask>;
  /** All tasks that fit, newest first, a page at a time: the next one is asked for when the one before was read. */
  list(filter?: TaskFilter & CallOptions): AsyncIterable<WireTask>;
  listPage(query?: TaskPageQuery): Promise<WireTaskPage>;
  /** The task as soon as it is terminal, or as it is when the time is over. Goes on over restarts of the server. */
  wait(id: string, options?: WaitOptions): Promise<WireTask>;
  /** The same for several. */
  wait(ids: readonly string[], options?: WaitOptions): Promise<WaitResult>;
  /** Cancels a task; resolves when nothing of it runs any more. @throws ExecGoHttpError `conflict` when it ended otherwise */
  cancel(id: string, options?: CancelOptions): Promise<WireTask>;
  /** Deletes a task, after cancelling it where it is not terminal. */
  remove(id: string, options?: CallOptions): Promise<void>;
}

export function taskCalls(transport: Transport): TaskCalls {
  async function listPage(query: TaskPageQuery = {}): Promise<WireTaskPage> {
    const { limit = PAGE_SIZE, cursor, signal, ...filter } = query;
    const parameters = { ...filterParameters(filter), limit, cursor };
    return transport.arrayWith<WireTask, WireTaskPage>(
      { path: '/tasks', query: parameters, signal },
      (tasks, headers) => {
        const next = headers.get('x-next-cursor');
        return { tasks, ...(next !== null && { next }) };
      },
    );
  }

  function wait(id: string, options?: WaitOptions): Promise<WireTask>;
  function wait(ids: readonly string[], options?: WaitOptions): Promise<WaitResult>;
  async function wait(ids: string | readonly string[], options: WaitOptions = {}): Promise<WireTask | WaitResult> {
    const deadline = deadlineOf(options);
    const one = (id: string) =>
      longPoll<WireTask>(transport, { path: taskPath(id), isOver: isTerminal, deadline, signal: options.signal });
    if (typeof ids === 'string') return one(ids);
    const tasks: WireTask[] = [];
    // One after the other: it takes as long as all at once, and one connection.
    for (const id of ids) tasks.push(await one(id));
    return { tasks, all_terminal: tasks.every(isTerminal) };
  }

  return {
    submit: async (graph, { idempotencyKey = crypto.randomUUID(), signal } = {}) =>
      transport.object({ method: 'POST', path: '/tasks', headers: keyHeader(idempotencyKey), body: graph, signal }),
    get: async (id, { signal } = {}) => transport.object({ path: taskPath(id), signal }),
    async *list(filter = {}) {
      let cursor: string | undefined;
      do {
        const page = await listPage({ ...filter, ...(cursor !== undefined && { cursor }) });
        yield* page.tasks;
        cursor = page.next;
      } while (cursor !== undefined);
    },
    listPage,
    wait,
    cancel: async (id, { reason, signal } = {}) =>
      transport.object({ method: 'POST', path: `${taskPath(id)}/cancel`, body: { reason }, signal }),
    remove: async (id, { signal } = {}) => remove(transport, taskPath(id), signal),
  };
}

export function taskPath(id: string): string {
  return `/tasks/${segment('id', id)}`;
}

/** @throws ExecGoOptionError for what no header can carry */
export function keyHeader(key: string): Record<string, string> {
  if (!/^[\x21-\x7e]{1,256}$/.test(key)) {
    throw new ExecGoOptionError('idempotencyKey', '1–256 visible ASCII characters', key);
  }
  return { 'Idempotency-Key': key };
}

function filterParameters({ status, type, graphId, handleId, annotations = {} }: TaskFilter) {
  const named = Object.entries(annotations).map(([name, value]) => [`annotation.${name}`, value] as const);
  return { status, type, graph_id: graphId, handle_id: handleId, ...Object.fromEntries(named) };
}

/** Undefined for what is no task. */
function isTerminal({ status }: WireTask): boolean | undefined {
  if (typeof status !== 'string') return undefined;
  return status === 'success' || status === 'failed' || status === 'skipped';
}
