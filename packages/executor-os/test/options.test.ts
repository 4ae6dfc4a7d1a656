import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type OsExecutorOptions, resolveOsOptions } from '../src/index.js';
import { Bench } from './support/executor.js';

describe('options', () => {
  it('are the safe ones by default', () => {
    expect(resolveOsOptions()).toMatchObject({
      workspace: './workspace',
      shellPolicy: 'allowlist',
      limits: { output_max_bytes: 64 * 1024 * 1024 },
      inheritEnv: false,
      unconfinedFiles: false,
      maxRedirects: 5,
      maxBodyBytes: 1024 * 1024,
    });
  });

  it.each<[OsExecutorOptions, string]>([
    [{ workspace: '' }, 'option workspace: expected a folder, got ""'],
    [{ shellPolicy: 'none' as never }, 'option shellPolicy: expected one of allowlist, open, got "none"'],
    [{ maxReadBytes: 0 }, 'option maxReadBytes: expected a positive integer, got 0'],
    [{ maxBodyBytes: 1.5 }, 'option maxBodyBytes: expected a positive integer, got 1.5'],
    [{ maxRedirects: -1 }, 'option maxRedirects: expected an integer, 0 or more, got -1'],
    [{ httpTimeoutMs: Number.NaN }, 'option httpTimeoutMs: expected a positive integer, got NaN'],
    [{ limits: { wall_time_ms: -5 } }, 'limits.wall_time_ms: expected a positive integer, got -5'],
    [
      { egress: { profile: 'wide' as never } },
      'option egress.profile: expected one of local, standard, strict, open, got "wide"',
    ],
  ])('a bad one is named: %j', (options, message) => {
    expect(() => resolveOsOptions(options)).toThrow(message);
  });
});

describe('the executor', () => {
  it('makes its workspace, and is unhealthy when that is gone', async () => {
    const bench = new Bench();
    expect(existsSync(bench.root)).toBe(true);
    await bench.executor.health?.();
    await bench.run('file', { action: 'write', path: 'x', content: '' });
    await bench.dispose();
    await expect(bench.executor.health?.()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(join(tmpdir())),
    });
  });
});
