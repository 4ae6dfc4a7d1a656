import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '@execgo/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { endOf } from '../src/ensure-running/start-detached.js';
import { execgo } from './support/command-line.js';
import { freshFolder, startTestServer } from './support/running-server.js';

/** A `docker` that writes down what it was called with, and starts what answers `/readyz` at this port. */
function fakeDocker(folder: string, port: number): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const server = join(folder, 'ready.mjs');
  writeFileSync(
    server,
    `import { createServer } from 'node:http';
createServer((_, answer) => answer.end('ready')).listen(${port}, '127.0.0.1');
`,
  );
  writeFileSync(
    join(bin, 'docker'),
    `#!${process.execPath}
const { spawn } = require('node:child_process');
const { appendFileSync } = require('node:fs');
appendFileSync(${JSON.stringify(join(folder, 'calls'))}, JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() }) + '\\n');
const child = spawn(process.execPath, [${JSON.stringify(server)}], { detached: true, stdio: 'ignore' });
child.unref();
appendFileSync(${JSON.stringify(join(folder, 'pids'))}, child.pid + '\\n');
require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'token'))}, process.env.EXECGO_TOKEN ?? '');
console.log('started');
`,
  );
  chmodSync(join(bin, 'docker'), 0o755);
  onTestFinished(() => {
    if (!existsSync(join(folder, 'pids'))) return;
    for (const pid of readFileSync(join(folder, 'pids'), 'utf8').split('\n').filter(Boolean)) process.kill(Number(pid));
  });
  return bin;
}

function emptyFolder(cwd: string): string {
  const folder = join(cwd, 'no-programs');
  mkdirSync(folder, { recursive: true });
  return folder;
}

it('tokens that no server could use are told before one is started: exit status 2', async () => {
  const cwd = freshFolder();
  writeFileSync(join(cwd, 'tokens.json'), '{"tokens":[]}', { mode: 0o600 });
  const env = { EXECGO_URL: `http://127.0.0.1:${await freePort()}`, EXECGO_TOKEN: 'own' };
  for (const [argv, more] of [
    [['--token-file', 'tokens.json'], {}],
    [[], { EXECGO_TOKEN_FILE: 'tokens.json' }],
  ] as const) {
    const { status, json, stderr } = await execgo(cwd, ['ensure-running', ...argv], { ...env, ...more });
    expect([status, json, stderr]).toEqual([2, undefined, expect.stringContaining('at least one token')]);
  }
});

it('a server that is there is left alone: exit status 0', async () => {
  const { url, cwd } = await startTestServer({ sandbox: 'off' });
  expect(await execgo(cwd, ['ensure-running'], { EXECGO_URL: url })).toEqual({
    status: 0,
    json: {
      ok: true,
      data: {
        execgo: {
          url,
          reachable: true,
          started_by: 'already-up',
          ready_status_code: 200,
          ready_body: expect.stringContaining('ok'),
        },
      },
    },
    stderr: '',
  });
});

it('exit status 4 where ExecGo cannot be reached and is not to be started here, with hints', async () => {
  const url = `https://127.0.0.1:${await freePort()}`;
  expect(await execgo(freshFolder(), ['ensure-running', '-timeout', '100ms'], { EXECGO_URL: url })).toMatchObject({
    status: 4,
    json: {
      ok: true,
      data: { execgo: { url, reachable: false }, manual_hints: [expect.stringContaining('execgo serve')] },
    },
  });
});

it('exit status 5 where the runtime cannot be reached and docker is missing, with hints', async () => {
  const { url, cwd } = await startTestServer({ sandbox: 'off' });
  const runtime = `http://127.0.0.1:${await freePort()}`;
  const env = {
    EXECGO_URL: url,
    EXECGO_RUNTIME_URL: runtime,
    PATH: emptyFolder(cwd),
    EXECGO_RUNTIME_SOURCE: '/src/rt',
  };
  for (const argv of [['-with-runtime'], ['-with-runtime', '-runtime-image', 'runtime:local']]) {
    expect(await execgo(cwd, ['ensure-running', ...argv], env)).toMatchObject({
      status: 5,
      json: {
        ok: true,
        data: {
          execgo: { reachable: true },
          runtime: { url: runtime, reachable: false, attempt_note: expect.stringContaining('docker is not installed') },
          manual_hints: [
            expect.stringContaining('docker run'),
            expect.stringContaining('cd /src/rt'),
            expect.stringContaining(`EXECGO_RUNTIME_URL=${runtime}`),
          ],
        },
      },
    });
  }
});

it('a runtime that is there is found; one that is not is started from its image', async () => {
  const { url, cwd } = await startTestServer({ sandbox: 'off' });
  const port = await freePort();
  const runtime = `http://127.0.0.1:${port}`;
  const env = { EXECGO_URL: url, EXECGO_RUNTIME_URL: runtime, PATH: fakeDocker(cwd, port) };
  const ensure = () => execgo(cwd, ['ensure-running', '-with-runtime', '-runtime-image', 'runtime:local'], env);
  expect(await ensure()).toMatchObject({
    status: 0,
    json: { data: { runtime: { url: runtime, reachable: true, started_by: 'docker' } } },
  });
  expect(JSON.parse(readFileSync(join(cwd, 'calls'), 'utf8')).args).toEqual([
    'run',
    '--detach',
    '--publish',
    `127.0.0.1:${port}:8080`,
    '--volume',
    'execgo-runtime-data:/data',
    'runtime:local',
  ]);
  expect((await ensure()).json).toMatchObject({ data: { runtime: { started_by: 'already-up' } } });
});

it('a token in the address is the one that a server asks for that is started there', async () => {
  const cwd = freshFolder();
  const port = await freePort();
  const compose = join(cwd, 'compose');
  mkdirSync(compose);
  writeFileSync(join(compose, 'compose.yaml'), '');
  const env = {
    EXECGO_URL: `http://me:se%2Dcret@127.0.0.1:${port}`,
    EXECGO_COMPOSE_DIR: 'compose',
    PATH: fakeDocker(cwd, port),
  };
  const { status, json, stderr } = await execgo(cwd, ['ensure-running'], env);
  expect(status).toBe(0);
  expect(readFileSync(join(cwd, 'token'), 'utf8')).toBe('se-cret');
  expect(JSON.stringify(json) + stderr).not.toContain('cret');
});

it('the runtime of another machine is not started here: exit status 5, with a hint that fits', async () => {
  const { url, cwd } = await startTestServer({ sandbox: 'off' });
  const runtime = `https://127.0.0.1:${await freePort()}`;
  const bin = emptyFolder(cwd);
  writeFileSync(join(bin, 'docker'), `#!/bin/sh\necho "$@" >> '${cwd}/calls'\n`, { mode: 0o755 });
  const env = { EXECGO_URL: url, EXECGO_RUNTIME_URL: runtime, EXECGO_RUNTIME_IMAGE: 'runtime:local', PATH: bin };
  expect(await execgo(cwd, ['ensure-running', '-with-runtime', '-timeout', '100ms'], env)).toMatchObject({
    status: 5,
    json: {
      data: {
        runtime: { url: runtime, reachable: false, attempt_note: expect.stringContaining('nothing was started') },
        manual_hints: [expect.stringContaining(`where ${runtime} leads`)],
      },
    },
  });
  expect(existsSync(join(cwd, 'calls'))).toBe(false);
});

it('with a compose directory, ExecGo is started by docker compose there', async () => {
  const cwd = freshFolder();
  const port = await freePort();
  const compose = join(cwd, 'compose');
  mkdirSync(compose);
  const url = `http://127.0.0.1:${port}`;
  const env = { EXECGO_URL: url, EXECGO_COMPOSE_DIR: 'compose', PATH: fakeDocker(cwd, port) };
  const ensure = () => execgo(cwd, ['ensure-running'], env);
  writeFileSync(join(cwd, 'pids'), '');
  const refused = await ensure();
  expect(refused).toMatchObject({ status: 2, json: undefined });
  expect(refused.stderr).toContain('docker-compose.yml');
  writeFileSync(join(compose, 'docker-compose.yml'), '');
  expect(await ensure()).toMatchObject({
    status: 0,
    json: { data: { execgo: { url, reachable: true, started_by: 'docker-compose' } } },
  });
  expect(JSON.parse(readFileSync(join(cwd, 'calls'), 'utf8'))).toEqual({
    args: ['compose', 'up', '--detach', '--build'],
    cwd: compose,
  });
});

it('credentials in the address of the runtime are presented, and never shown', async () => {
  const { url, cwd } = await startTestServer({ sandbox: 'off' });
  const asked: (string | undefined)[] = [];
  const runtime = createServer((request, answer) => {
    asked.push(request.headers.authorization);
    answer.end('ready');
  });
  await new Promise<void>((resolve) => runtime.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void runtime.close());
  const { port } = runtime.address() as AddressInfo;
  const env = { EXECGO_URL: url, EXECGO_RUNTIME_URL: `http://me:secret@127.0.0.1:${port}/` };
  const { status, json, stderr } = await execgo(cwd, ['ensure-running', '-with-runtime'], env);
  expect({ status, json }).toMatchObject({ status: 0, json: { data: { runtime: { started_by: 'already-up' } } } });
  expect(asked).toEqual([`Basic ${Buffer.from('me:secret').toString('base64')}`]);
  expect(JSON.stringify(json) + stderr).not.toContain('secret');
});

it.each([
  [{ EXECGO_URL: 'nonsense' }, 'EXECGO_URL'],
  [{ EXECGO_URL: 'http://127.0.0.1:6000' }, 'http://127.0.0.1:6000: fetch connects to no such port'],
  [{ EXECGO_RUNTIME_URL: 'nonsense' }, 'EXECGO_RUNTIME_URL: expected an address'],
])('exit status 2 for %j', async (env, message) => {
  const { url, cwd } = await startTestServer({ sandbox: 'off' });
  const ran = await execgo(cwd, ['ensure-running', '-with-runtime'], { EXECGO_URL: url, ...env });
  expect(ran).toMatchObject({ status: 2, json: undefined, stderr: expect.stringContaining(message) });
});

it('the last words of a server that was started are its own, not those of an earlier one', () => {
  const file = join(freshFolder(), 'server.log');
  writeFileSync(file, 'an earlier life\n');
  const { size } = statSync(file);
  expect(endOf(file, size)).toBe('');
  appendFileSync(file, 'it failed\n');
  expect(endOf(file, size)).toBe('it failed\n');
  appendFileSync(file, 'x'.repeat(5000));
  expect(endOf(file, size)).toBe('x'.repeat(2000));
});
