import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSandbox } from '@execgo/process';
import { describe, expect, it, vi } from 'vitest';
import { freshFolder, startTestServer } from './support/running-server.js';

const { state } = await openSandbox();
const skipped = state.reason === undefined ? '' : ` (skipped: ${state.reason})`;
const script = (text: string, more: object = {}) => ({ type: 'shell', params: { script: text, ...more } });

function withoutBwrap(): void {
  vi.stubEnv('PATH', '/no/such/folder');
}

describe.skipIf(state.reason !== undefined)(`with a sandbox${skipped}`, () => {
  it.each(['auto', 'required'] as const)('%s: scripts run in it, and it is told', async (sandbox) => {
    const server = await startTestServer({ sandbox });
    expect(await server.run(script('echo free; ls -A ..'))).toMatchObject({ result: { stdout: 'free\nworkspace\n' } });
    expect((await server.get('/health')).body).toMatchObject({
      status: 'ok',
      sandbox: { setting: sandbox, in_force: 'bubblewrap', network: true, limits: state.limits },
    });
    expect(server.log).toContainEqual(expect.objectContaining({ level: 30, sandbox: 'bubblewrap' }));
    expect(JSON.stringify(server.log)).not.toContain('no sandbox');
  });

  it('sandbox-network off: no task reaches the network or can ask for it', async () => {
    const server = await startTestServer({ sandboxNetwork: 'off', shellPolicy: 'open' });
    const fetch = { command: 'curl', args: ['-sS', `${server.url}/livez`] };
    expect(await server.run({ type: 'shell', params: fetch })).toMatchObject({ status: 'failed' });
    const asking = { type: 'shell', params: { ...fetch, sandbox: { network: true } } };
    expect(await server.run(asking)).toMatchObject({
      code: 'denied',
      error: expect.stringContaining('sandbox.network'),
    });
    expect(server.log).toContainEqual(expect.objectContaining({ level: 30, sandbox_network: 'off' }));
  });

  it('sandbox-readable: further programs are shown, to be read and run', async () => {
    const cwd = freshFolder();
    mkdirSync(join(cwd, 'tools'));
    writeFileSync(join(cwd, 'tools', 'greet'), '#!/bin/sh\necho hello', { mode: 0o755 });
    const server = await startTestServer({ sandboxReadable: ['tools'] }, cwd);
    const tried = await server.run(script(`${cwd}/tools/greet; echo x > ${cwd}/tools/greet`));
    expect(tried).toMatchObject({ result: { stdout: 'hello\n', stderr: expect.stringContaining('Read-only') } });
  });

  it('a store within the workspace: auto is degraded and says so, required refuses and says what to do', async () => {
    const cwd = freshFolder();
    const server = await startTestServer({ workspace: '.', store: 'jsonfile' }, cwd);
    const reason = `${cwd}/data may not be touched by commands and lies in ${cwd}, which they write to: keep the two apart`;
    expect(server.sandbox).toMatchObject({ in_force: 'none', reason: expect.stringContaining(reason) });
    await expect(
      startTestServer({ workspace: '.', store: 'jsonfile', sandbox: 'required' }, cwd),
    ).rejects.toMatchObject({
      code: 'sandbox_setup_failed',
      message: expect.stringContaining(reason),
    });
  });
});

describe('without bwrap', () => {
  it('auto: the server starts, warns, and its health says why', async () => {
    withoutBwrap();
    const server = await startTestServer();
    const reason = expect.stringContaining('bwrap is not installed; install the package bubblewrap');
    expect((await server.get('/health')).body).toMatchObject({
      sandbox: { setting: 'auto', in_force: 'none', reason },
    });
    const msg = expect.stringMatching(
      /^no sandbox, commands run unconfined with the rights of this user: bwrap is not installed/,
    );
    expect(server.log).toContainEqual(expect.objectContaining({ level: 40, msg }));
    expect(await server.run(script('echo free'))).toMatchObject({ code: 'denied' });
    expect(await server.run({ type: 'shell', params: { command: 'echo', args: ['listed'] } })).toMatchObject({
      result: { stdout: 'listed\n' },
    });
  });

  it('required: it does not start, and says what to do', async () => {
    withoutBwrap();
    await expect(startTestServer({ sandbox: 'required' })).rejects.toMatchObject({
      code: 'sandbox_setup_failed',
      message: expect.stringContaining('install the package bubblewrap'),
    });
  });

  it('sandbox-network off: it does not start, whatever the mode', async () => {
    withoutBwrap();
    for (const sandbox of ['auto', 'off'] as const) {
      await expect(startTestServer({ sandbox, sandboxNetwork: 'off' })).rejects.toThrow('kept from the network');
    }
  });
});

it('off is no sandbox and no warning of it', async () => {
  const server = await startTestServer({ sandbox: 'off' });
  expect((await server.get('/health')).body).toMatchObject({ sandbox: { setting: 'off', in_force: 'none' } });
  expect(JSON.stringify(server.log)).not.toContain('no sandbox');
});
