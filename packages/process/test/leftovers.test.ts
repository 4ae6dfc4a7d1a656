import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { living, until } from '@execgo/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { childEnvironment, endLeftovers } from '../src/index.js';

const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Already gone, which is what most of these tests show.
    }
  }
});

function startRun(storeId: string, script: string): number {
  const env = childEnvironment({ identity: { runId: `${storeId}/task/1`, taskId: 'task', attempt: 1 } });
  const child = spawn('/bin/sh', ['-c', script], { env, detached: true, stdio: 'ignore' });
  child.unref();
  started.push(child.pid as number);
  return child.pid as number;
}

/** How many `sleep 99` of a store are alive, each past its exec. */
const sleeping = (storeId: string) => living(storeId).filter(({ command }) => command === 'sleep 99').length;

describe('what an earlier life of a store left running', () => {
  it('is ended, all of it', async () => {
    const storeId = randomUUID();
    startRun(storeId, 'sleep 99 & setsid sleep 99 & sleep 99');
    startRun(storeId, 'trap "" TERM; sleep 99; sleep 99');
    await until(() => sleeping(storeId) >= 4);
    // And the shells that wait for them.
    expect(await endLeftovers(storeId)).toBeGreaterThanOrEqual(5);
    expect(living(storeId)).toEqual([]);
  });

  it('is ended also when it took itself out of sight, where its group still shows it', async () => {
    const storeId = randomUUID();
    const name = `9${randomUUID().replace(/\D/g, '').slice(0, 8)}`;
    startRun(storeId, `env -i sleep ${name} & sleep 99`);
    await until(() => living(name).some(({ command }) => command === `sleep ${name}`));
    await endLeftovers(storeId);
    expect(living(name)).toEqual([]);
  });

  it('is nobody else’s: another store with a longer id, a process without a marker', async () => {
    const storeId = randomUUID();
    startRun(`${storeId}2`, 'exec sleep 99');
    startRun('x', `exec env EXECGO_NOTE=${storeId}/ EXECGO_RUN=y/task/1 sleep 99`);
    await until(() => sleeping(storeId) === 2);
    expect(await endLeftovers(storeId)).toBe(0);
    expect(living(storeId)).toHaveLength(2);
  });

  it('none is found quickly', async () => {
    expect(await endLeftovers(randomUUID())).toBe(0);
  });

  it('a server killed with SIGKILL leaves its run behind, and its next life ends it', async () => {
    const storeId = randomUUID();
    const program = fileURLToPath(new URL('./support/run-and-wait.ts', import.meta.url));
    const server = spawn(
      process.execPath,
      ['--conditions=@execgo/source', '--import=tsx', program, `${storeId}/task/1`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(server.stdout, 'data');
    server.kill('SIGKILL');
    await once(server, 'exit');
    await until(() => sleeping(storeId) > 0);
    await endLeftovers(storeId);
    expect(living(storeId)).toEqual([]);
  });
});
