import type { Metadata } from '@grpc/grpc-js';
import type { Admission } from './caller-of.js';
import type { ResolvedServerOptions } from './server-options.js';

/** One call under way, let in. */
export interface Call extends Admission {
  readonly metadata: Metadata;
  readonly traceId: string;
  /** Whether nobody waits for the answer any more. */
  isOver(): boolean;
}

/** One that is answered by a stream. */
export interface StreamCall extends Call {
  /** Aborts when the caller is gone, the deadline is over, or the server stops. */
  readonly signal: AbortSignal;
  /** Whether it is the server that stops. */
  isClosing(): boolean;
}

/** What all calls of a server share. */
export interface Door {
  readonly options: ResolvedServerOptions;
  /** Aborts when the server stops. */
  readonly closing: AbortSignal;
  /** By the metadata of the call: filled before a handler runs. */
  readonly admissions: WeakMap<Metadata, Admission>;
}
