import type { TransferListItem, Worker } from 'node:worker_threads';
import { ExecGoError, errorMessage } from '@execgo/core';
import { giveBack, takeWorker } from './idle-workers.js';
import { notOpen } from './store-errors.js';
import { type Call, type Reply, receiveError } from './thread-messages.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: ExecGoError): void;
}

export interface ThreadOptions {
  readonly onWarning: (message: string) => void;
  /** Called once, when the thread ends without having been asked to. */
  readonly onEnd?: (error: ExecGoError) => void;
}

/** A thread that works on a database. It keeps the process alive only while it has something to do. */
export class DatabaseThread {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  /** Further reasons to keep the process alive. */
  private holds = 0;
  private ended: ExecGoError | undefined;

  /** @throws ExecGoError `unavailable` where the entry of the thread is missing */
  constructor(private readonly options: ThreadOptions) {
    this.worker = takeWorker();
    this.worker.on('message', (reply: Reply) => this.receive(reply));
    this.worker.on('error', (error) => this.end(errorMessage(error)));
    this.worker.on('exit', () => this.end('it has ended'));
  }

  /** Calls a method of the thread. @throws ExecGoError what the method throws, or `unavailable` when the thread has ended */
  call<T>(method: string, argument: unknown, moved: readonly TransferListItem[] = []): Promise<T> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const id = this.nextId;
    this.nextId += 1;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.worker.ref();
      this.worker.postMessage({ id, method, argument } satisfies Call, moved);
    });
  }

  /** Keeps the process alive until `release`. */
  hold(): void {
    this.holds += 1;
    this.worker.ref();
  }

  release(): void {
    this.holds -= 1;
    this.rest();
  }

  /** Lets it close what it has open, and gives it up. @throws ExecGoError what the closing throws */
  async close(): Promise<void> {
    try {
      await this.call('close', undefined);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.ended ??= notOpen();
    await giveBack(this.worker);
  }

  /** Ends it, whatever it is doing. */
  async stop(): Promise<void> {
    this.ended ??= notOpen();
    await this.worker.terminate();
  }

  private receive(reply: Reply): void {
    if ('warning' in reply) {
      this.options.onWarning(reply.warning);
      return;
    }
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    this.rest();
    if ('error' in reply) waiting?.reject(receiveError(reply.error));
    else waiting?.resolve(reply.value);
  }

  private rest(): void {
    if (this.waiting.size === 0 && this.holds === 0) this.worker.unref();
  }

  private end(why: string): void {
    const wasAsked = this.ended !== undefined;
    this.ended ??= new ExecGoError('unavailable', `the thread of the database has ended: ${why}`);
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
    if (!wasAsked) this.options.onEnd?.(this.ended);
  }
}
