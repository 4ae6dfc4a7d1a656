import { monitorEventLoopDelay } from 'node:perf_hooks';
import { manyFinished } from '@execgo/testkit';
import { type CopiedStore, copyStore, createArchive } from '../src/index.js';

export interface CopyFigures {
  readonly copied: CopiedStore;
  readonly ms: number;
  /** Most memory during the copy beyond what there was at a tenth of it, in bytes. */
  readonly grownBytes: number;
  /** Longest time in which the event loop did not turn, in milliseconds. */
  readonly longestPauseMs: number;
}

/** Copies a store of finished tasks to an archive, compares it, and watches memory and event loop on the way. */
export async function copyMany(tasks: number, file: string): Promise<CopyFigures> {
  const from = { ...manyFinished(tasks), fill: refuse, inspect: refuse };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let base = 0;
  let most = 0;
  const startedAt = performance.now();
  delay.enable();
  const copied = await copyStore(from, createArchive({ file }), {
    onProgress: ({ done }) => {
      if (done < tasks / 10) return;
      const { rss } = process.memoryUsage();
      base ||= rss;
      most = Math.max(most, rss);
    },
  });
  delay.disable();
  return {
    copied,
    ms: Math.round(performance.now() - startedAt),
    grownBytes: most - base,
    longestPauseMs: Math.round(delay.max / 1e6),
  };
}

async function refuse(): Promise<never> {
  throw new RangeError('a source is read and nothing else');
}
