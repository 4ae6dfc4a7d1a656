import type { ApiErrorCode, JsonObject, TaskStatus } from '@execgo/core';

/** The ways into one kernel. */
export const DOOR_NAMES = ['http', 'grpc', 'mcp', 'cli', 'client'] as const;
export type DoorName = (typeof DOOR_NAMES)[number];

/** What a call came to, in the same words for every door. */
export type Outcome = Success | Refusal;

export interface Success {
  readonly ok: true;
  readonly tasks?: readonly JsonObject[];
  readonly receipt?: JsonObject;
  readonly graph?: JsonObject;
  /** Of a list: where the next page begins. Differs by door, so that only whether there is one is compared. */
  readonly next?: string;
}

export interface Refusal {
  readonly error: { readonly code: ApiErrorCode; readonly message: string };
}

export interface ListQuery {
  readonly status?: TaskStatus;
  readonly type?: string;
  readonly graphId?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly limit?: number;
  readonly cursor?: string;
}

/**
 * One way into the kernel, as its callers use it. Whatever the server says is an outcome. A method rejects with `NotOffered` where
 * this door has no such thing, and with anything else where it broke its own promises: a status that does not go with its code.
 */
export interface Door {
  readonly name: DoorName;
  /** The graph as JSON carries it; need not be a valid one. */
  submit(graph: JsonObject, idempotencyKey?: string): Promise<Outcome>;
  get(id: string): Promise<Outcome>;
  /** As soon as it is terminal, or as it is after so many milliseconds. */
  wait(id: string, timeoutMs: number): Promise<Outcome>;
  list(query: ListQuery): Promise<Outcome>;
  cancel(id: string, reason?: string): Promise<Outcome>;
  remove(id: string): Promise<Outcome>;
  /** As soon as all of its tasks are terminal, or as it is after so many milliseconds. */
  graph(graphId: string, timeoutMs: number): Promise<Outcome>;
  cancelGraph(graphId: string, reason?: string): Promise<Outcome>;
  close(): Promise<void>;
}

/** This door has no such operation, or nothing to say such a thing with. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered';

  constructor(
    /** Why, in one of the phrases that are counted at the end of the suite. */
    readonly reason: string,
  ) {
    super(reason);
  }
}

export function notOffered(reason: string): () => Promise<never> {
  return () => Promise.reject(new NotOffered(reason));
}
