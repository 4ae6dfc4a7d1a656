import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** The address that the server has written to its log, once it takes tasks. */
function addressIn(log: string): string | undefined {
  return /"url":"([^"]+)"/.exec(log)?.[1];
}

it('npm start sets up and serves with the given arguments; SIGTERM to it ends the server cleanly with exit 0', {
  timeout: 120_000,
}, async () => {
  const settings = ['--data-dir', join(folder, 'data'), '--workspace', join(folder, 'workspace')];
  const { npm, exited, log } = npmStart('--addr', '127.0.0.1:0', ...settings);

  await expect.poll(() => addressIn(log()) ?? npm.exitCode, { timeout: 90_000 }).toMatch(/^http:/);
  const origin = addressIn(log()) ?? '';
  expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  npm.kill('SIGTERM');

  const [code, signal] = await exited;
  expect({ code, signal }, log()).toEqual({ code: 0, signal: null });
  await expect(fetch(`${origin}/readyz`)).rejects.toThrow();
});
