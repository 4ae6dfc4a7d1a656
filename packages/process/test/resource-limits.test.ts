import { describe, expect, it } from 'vitest';
import { strictestLimits, withLimits } from '../src/resource-limits.js';

const command = { file: '/bin/echo', args: ['hi', '--cpu=1'] };
const limits = { wall_time_ms: 5, cpu_time_sec: 2, memory_bytes: 4096, pids_max: 3, output_max_bytes: 7 };

describe('limits set before a command starts', () => {
  it('stand in front of it, and all that can be enforced is reported', () => {
    const limited = withLimits(command, limits, { prlimit: '/usr/bin/prlimit', holdsPids: true }, 40);
    expect(limited.file).toBe('/usr/bin/prlimit');
    expect(limited.args).toEqual(['--cpu=2:3', '--as=4096', '--nproc=43', '--', '/bin/echo', 'hi', '--cpu=1']);
    expect(limited.effective).toEqual(limits);
  });

  it('are not reported as effective where they are not: pids for root, all without prlimit', () => {
    const { pids_max: _pids, ...enforced } = limits;
    const root = withLimits(command, limits, { prlimit: '/usr/bin/prlimit', holdsPids: false }, 40);
    expect(root.effective).toEqual(enforced);
    const bare = withLimits(command, limits, { prlimit: undefined, holdsPids: true }, 40);
    expect(bare).toEqual({ ...command, effective: { wall_time_ms: 5, output_max_bytes: 7 } });
  });

  it('cost nothing where none is asked for', () => {
    const plain = withLimits(command, { wall_time_ms: 5 }, { prlimit: '/usr/bin/prlimit', holdsPids: true }, 0);
    expect(plain).toEqual({ ...command, effective: { wall_time_ms: 5 } });
  });
});

it('the stricter limit wins, one by one', () => {
  const merged = strictestLimits({ wall_time_ms: 5, pids_max: 9 }, { wall_time_ms: 7, pids_max: 3, memory_bytes: 1 });
  expect(merged).toEqual({ wall_time_ms: 5, pids_max: 3, memory_bytes: 1 });
});
