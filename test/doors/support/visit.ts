import type { Json, JsonObject, Kernel } from '@execgo/core';
import { expect } from 'vitest';
import type { Door, ListQuery, Outcome } from './door.js';
import { normalOutcome } from './normal-outcome.js';

/** Longest that anything here is waited for. */
const LONG_ENOUGH_MS = 15_000;

/** One case going through one door: every call is a step, and noted as it is compared. */
export class Visit {
  readonly steps: Json[] = [];

  constructor(
    private readonly door: Door,
    private readonly kernel: Kernel,
    /** What the ids of this visit begin with. */
    private readonly prefix: string,
  ) {}

  /** The id, for this visit alone. */
  readonly id = (name: string): string => this.prefix + name;

  readonly submit = (tasks: Json, key?: string): Promise<Outcome> => this.submitGraph({ tasks }, key);
  readonly submitGraph = (graph: JsonObject, key?: string): Promise<Outcome> => this.note(this.door.submit(graph, key));
  readonly get = (name: string): Promise<Outcome> => this.note(this.door.get(this.id(name)));
  readonly wait = (name: string, timeoutMs = LONG_ENOUGH_MS): Promise<Outcome> =>
    this.note(this.door.wait(this.id(name), timeoutMs));
  readonly list = (query: ListQuery): Promise<Outcome> => this.note(this.door.list(query), true);
  readonly cancel = (name: string, reason?: string): Promise<Outcome> =>
    this.note(this.door.cancel(this.id(name), reason));
  readonly remove = (name: string): Promise<Outcome> => this.note(this.door.remove(this.id(name)));
  readonly graph = (graphId: string, timeoutMs = LONG_ENOUGH_MS): Promise<Outcome> =>
    this.note(this.door.graph(graphId, timeoutMs));
  readonly cancelGraph = (graphId: string, reason?: string): Promise<Outcome> =>
    this.note(this.door.cancelGraph(graphId, reason));

  /** Resolves once an attempt of the task is under way. No step: asked of the kernel itself. */
  readonly started = async (name: string): Promise<void> => {
    const status = async () => (await this.kernel.get(this.id(name))).status;
    await expect.poll(status, { interval: 5, timeout: LONG_ENOUGH_MS }).toBe('running');
  };

  private async note(call: Promise<Outcome>, isList = false): Promise<Outcome> {
    const outcome = await call;
    this.steps.push(normalOutcome(outcome, { prefix: this.prefix, isList }));
    return outcome;
  }
}

/** The id of the graph that was accepted. */
export function graphIdOf(outcome: Outcome): string {
  expect(outcome).toHaveProperty('receipt.graph_id');
  return String((outcome as { receipt: JsonObject }).receipt.graph_id);
}
