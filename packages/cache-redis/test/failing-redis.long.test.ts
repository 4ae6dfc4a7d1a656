import { expect, it } from 'vitest';
import { hammer } from './support/hammer.js';

it.each([
  ['what it had saved (RDB)', []],
  ['its log (AOF)', ['--appendonly', 'yes', '--appendfsync', 'everysec']],
])(
  'a hundred rounds of failures, restarted with %s: no read is older than the last append that had resolved',
  async (_, redisArgs) => {
    const report = await hammer({ rounds: 100, readers: 16, tasks: 60, redisArgs });
    console.warn(
      `failing Redis: ${report.reads} reads, ${report.hits} hits, ${report.appends} appends, ${report.outages} outages`,
    );
    expect(report.wrong).toEqual([]);
    expect(report.outages).toBeGreaterThanOrEqual(300);
  },
);
