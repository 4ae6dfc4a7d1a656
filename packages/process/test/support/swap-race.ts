import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isExecGoError } from '@execgo/core';
import { Workspace } from '../../src/index.js';

export interface RaceResult {
  readonly swaps: number;
  readonly succeeded: number;
  readonly refused: number;
  /** Contents of outside files that were read. */
  readonly leaks: readonly string[];
  /** What is outside and was not put there by the test. */
  readonly created: readonly string[];
  /** Errors that are not ours. */
  readonly surprises: readonly unknown[];
}

/** The race has taken place when this many swaps, successes and refusals were seen; until then it goes on. */
export const ENOUGH = 20;

/** Uses `dir/…` of a workspace in every way for a while at least, with another thread swapping `dir` and a link to outside. */
export async function raceAgainstSwaps(ms: number): Promise<RaceResult> {
  const base = mkdtempSync(join(tmpdir(), 'execgo-race-'));
  const inside = join(base, 'workspace');
  const outside = join(base, 'outside');
  for (const folder of [inside, outside, join(inside, 'dir')]) mkdirSync(folder);
  writeFileSync(join(inside, 'dir', 'file'), 'inside');
  writeFileSync(join(outside, 'file'), 'OUTSIDE');
  writeFileSync(join(outside, 'only-outside'), '');
  symlinkSync(outside, join(inside, 'link'));
  const control = new SharedArrayBuffer(8);
  const worker = new Worker(new URL('./swap.mjs', import.meta.url), {
    workerData: { name: join(inside, 'dir'), real: join(inside, 'real'), link: join(inside, 'link'), control },
  });
  const ended = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  const flags = new Int32Array(control);
  try {
    const result = await use(Workspace.open(inside), ms, () => Atomics.load(flags, 1));
    const created = readdirSync(outside).filter((name) => name !== 'file' && name !== 'only-outside');
    return { ...result, created, swaps: Atomics.load(flags, 1) };
  } finally {
    Atomics.store(flags, 0, 1);
    await ended;
    rmSync(base, { recursive: true, force: true });
  }
}

async function use(workspace: Workspace, ms: number, swaps: () => number) {
  let succeeded = 0;
  let refused = 0;
  const leaks: string[] = [];
  const surprises: unknown[] = [];
  while (swaps() === 0) await new Promise((resolve) => setImmediate(resolve));
  const deadline = performance.now() + ms;
  const isEnough = () => Math.min(swaps(), succeeded, refused) > ENOUGH;
  for (let round = 0; performance.now() < deadline || !isEnough(); round += 1) {
    const name = `dir/made-${round % 50}`;
    const acts: readonly (() => Promise<unknown>)[] = [
      async () => {
        const content = (await workspace.read('dir/file')).toString();
        if (content.includes('OUTSIDE')) leaks.push(content);
      },
      () => workspace.write(name, Buffer.from('x')),
      () => workspace.append(`dir/appended-${round % 50}`, Buffer.from('x')),
      () => workspace.write(`dir/deep-${round % 50}/er/file`, Buffer.from('x')),
      () => workspace.remove(name),
      async () => {
        const { entries } = await workspace.list('dir');
        if (entries.some((entry) => entry.name === 'only-outside')) leaks.push('listing');
      },
      async () => {
        if ((await workspace.stat('dir/file')).size !== 'inside'.length) leaks.push('stat');
      },
    ];
    for (const act of acts) {
      try {
        await act();
        succeeded += 1;
      } catch (error) {
        if (isExecGoError(error)) refused += 1;
        else surprises.push(error);
      }
    }
  }
  return { succeeded, refused, leaks, surprises };
}
