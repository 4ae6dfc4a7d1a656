import {
  ExecGoError,
  MemoryOutputStore,
  type MissingBytes,
  type OutputItem,
  type OutputKey,
  type OutputStream,
} from '@execgo/core';
import { type Behaviour, type Deferred, deferred, succeeds } from '@execgo/testkit';

export type Piece = readonly [stream: OutputStream, bytes: string | Uint8Array];

/** Writes one piece after another, waiting where it is asked to, and then behaves as `then`. */
export function writes(pieces: readonly Piece[], then: Behaviour = succeeds()): Behaviour {
  return async (attempt) => {
    for (const [stream, bytes] of pieces) await attempt.run.output(stream, asBytes(bytes));
    return then(attempt);
  };
}

export function asBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

export function asText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** An output store that counts what it is asked, and that a test can let wait or fail. */
export class TestOutputStore extends MemoryOutputStore {
  /** Calls in order, as `append 2.1 stdout`. */
  readonly calls: string[] = [];
  closed = 0;
  /** Every append and finish from now on is refused. */
  refusal: Error | undefined;
  private gate: Deferred<void> | undefined;

  /** From now on appends take effect at `release`, and nobody need wait for that. */
  hold(): void {
    this.gate = deferred();
  }

  release(): void {
    this.gate?.resolve();
    this.gate = undefined;
  }

  /** What was written, without the calls that only ask. */
  get written(): readonly string[] {
    return this.calls.filter((call) => !call.startsWith('remove'));
  }

  override append(key: OutputKey, stream: OutputStream, chunk: Uint8Array): Promise<void> {
    this.calls.push(`append ${key.submittedSeq}.${key.attempt} ${stream}`);
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    const copy = new Uint8Array(chunk);
    return (this.gate?.promise ?? Promise.resolve()).then(() => super.append(key, stream, copy));
  }

  override async finish(key: OutputKey, missing?: MissingBytes): Promise<void> {
    this.calls.push(`finish ${key.submittedSeq}.${key.attempt}`);
    await this.gate?.promise;
    if (this.refusal !== undefined) throw this.refusal;
    await super.finish(key, missing);
  }

  override async remove(submittedSeq: number): Promise<void> {
    this.calls.push(`remove ${submittedSeq}`);
    if (this.refusal !== undefined) throw this.refusal;
    await super.remove(submittedSeq);
  }

  override async close(): Promise<void> {
    this.closed += 1;
    await super.close();
  }

  async taskSeqs(): Promise<readonly number[]> {
    const all: number[] = [];
    for await (const batch of this.submittedSeqs()) all.push(...batch);
    return all;
  }
}

/** Does one thing after another, as stores do that need time, and can be let hang. */
export class QueueingOutputStore extends TestOutputStore {
  private last: Promise<void> = Promise.resolve();
  private stall: Deferred<void> | undefined;

  /** What is asked from now on takes effect after `goOn`. */
  hang(): void {
    const stall = deferred();
    this.stall = stall;
    this.last = this.last.then(() => stall.promise);
  }

  goOn(): void {
    this.stall?.resolve();
  }

  override append(...[key, stream, chunk]: Parameters<TestOutputStore['append']>): Promise<void> {
    const copy = new Uint8Array(chunk);
    return this.inTurn(() => super.append(key, stream, copy));
  }

  override finish(...call: Parameters<TestOutputStore['finish']>): Promise<void> {
    return this.inTurn(() => super.finish(...call));
  }

  override remove(submittedSeq: number): Promise<void> {
    return this.inTurn(() => super.remove(submittedSeq));
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}

export function diskFull(): ExecGoError {
  return new ExecGoError('unavailable', 'no space left on device');
}

/** What somebody has read who watches: the bytes of each run, and the order of what was told. */
export class OutputReader {
  readonly items: string[] = [];
  readonly runs: { stdout: number[]; stderr: number[] }[] = [];
  readonly problems: string[] = [];
  run = '';

  take(item: OutputItem): void {
    if (item.type === 'attempt') {
      this.items.push(`attempt ${item.attempt}`);
      this.runs.push({ stdout: [], stderr: [] });
      this.run = item.run;
    } else if (item.type === 'end') {
      this.items.push(`end ${item.status}`);
    } else {
      const run = this.runs.at(-1);
      if (run === undefined || item.run !== this.run) this.problems.push('output of a run that was not told');
      else {
        if (item.offset !== run[item.stream].length) this.problems.push(`${item.stream} at ${item.offset}`);
        run[item.stream].push(...item.chunk);
        this.items.push(`${item.stream} ${asText(item.chunk)}`);
      }
    }
  }

  async follow(items: AsyncIterable<OutputItem>): Promise<this> {
    for await (const item of items) this.take(item);
    return this;
  }
}
