import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@execgo/testkit';
import { afterEach, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'execgo-start-'));
const cleanups: (() => void)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function npmStart(...args: string[]) {
  const npm = spawn('npm', ['start', '--', ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const group = npm.pid;
  if (group === undefined) return expect.unreachable('npm could not be started');
  cleanups.push(() => {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // Nothing of it is left, as it should be.
    }
  });
  let log = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text));
  return { npm, exited: once(npm, 'exit'), log: () => log };
}

it('npm start sets up and serves with the given arguments; SIGTERM to it ends the server cleanly with exit 0', {
  timeout: 120_000,
}, async () => {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const settings = ['--data-dir', join(folder, 'data'), '--workspace', join(folder, 'workspace')];
  const { npm, exited, log } = npmStart('--addr', new URL(origin).host, ...settings);

  await expect
    .poll(
      () =>
        fetch(`${origin}/readyz`).then(
          ({ ok }) => ok,
          () => npm.exitCode ?? 'starting',
        ),
      { timeout: 90_000 },
    )
    .toBe(true);
  npm.kill('SIGTERM');

  const [code, signal] = await exited;
  expect({ code, signal }, log()).toEqual({ code: 0, signal: null });
  await expect(fetch(`${origin}/readyz`)).rejects.toThrow();
});
