import type { ExecGoError } from '@execgo/core';
import type { Transport } from '@modelcontextprotocol/client';

/** A transport of ours: what the SDK's client needs, and what the connection round it wants to know. */
export interface ServerTransport extends Transport {
  /** What the other side said when it ended or refused, for the message of a failed start; empty when nothing. */
  lastWords(): string;
  /** Why there was never a program on the other side; undefined where there was one. */
  startFailure(): ExecGoError | undefined;
  /** The other side has ended, or closed the connection. */
  readonly isOver: boolean;
  /** Says good-bye where the protocol has a word for it; bounded in time. Never rejects. */
  farewell(): Promise<void>;
}
