import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSandbox } from '../src/index.js';
import { sh } from './support/run.js';
import { describeSandboxed, freshFolder } from './support/sandbox.js';

/** A folder with a program named bwrap that does what this script does. */
function bwrapThat(script: string): string {
  const folder = freshFolder();
  writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n[ "$1" = --help ] && exit\n${script}\n`);
  chmodSync(join(folder, 'bwrap'), 0o755);
  return folder;
}

/** Starts the program, tells of it as bubblewrap does, and confines nothing. */
const IMITATION = `
cat <&3 >/dev/null
while [ "$1" != -- ]; do shift; done; shift
echo "{ \\"child-pid\\": $$ }" >&4
"$@"; status=$?
echo "{ \\"exit-code\\": $status }" >&4
exit $status`;

describe('without bwrap', () => {
  const path = '/no/such/folder';

  it('required refuses, and says what to do', async () => {
    await expect(openSandbox({ mode: 'required', path })).rejects.toMatchObject({
      code: 'sandbox_setup_failed',
      message: expect.stringMatching(
        /^bwrap is not installed; install the package bubblewrap .* or set --sandbox off$/,
      ),
    });
  });

  it('auto runs without a sandbox, and says so', async () => {
    const { confinement, state } = await openSandbox({ mode: 'auto', path });
    expect(state).toMatchObject({ setting: 'auto', in_force: 'none', network: true });
    expect(state.reason).toMatch(/^bwrap is not installed/);
    expect(confinement).toMatchObject({ name: 'none', isolated: false });
    expect(await sh('echo on', { confinement })).toMatchObject({ exitCode: 0, stdout: { text: 'on\n' } });
    await expect(sh('echo on', { confinement, network: false })).rejects.toMatchObject({
      code: 'sandbox_setup_failed',
    });
  });

  it.each(['auto', 'required', 'off'] as const)('%s with the network switched off refuses', async (mode) => {
    await expect(openSandbox({ mode, path, network: false })).rejects.toMatchObject({ code: 'sandbox_setup_failed' });
  });
});

it('off is no sandbox and no reason', async () => {
  const { confinement, state } = await openSandbox({ mode: 'off' });
  expect(state).toEqual({ setting: 'off', in_force: 'none', network: true, limits: expect.anything() });
  expect(confinement.isolated).toBe(false);
});

it('a bad option is named', async () => {
  await expect(openSandbox({ mode: 'on' as 'off' })).rejects.toThrow('mode: expected one of auto, required, off');
});

describe.skipIf(process.platform !== 'linux')(
  'a bwrap that does not hold is found out by the attempt to escape:',
  () => {
    it.each([
      ['confines nothing', IMITATION, 'a program in the sandbox could read the environment of this process'],
      ['cannot make a namespace', 'echo "bwrap: No permissions to create new namespace" >&2; exit 1', 'No permissions'],
      ['ends without a word', 'exit 0', 'it ended without a word'],
      ['only says that it has run something', 'echo "{ \\"exit-code\\": 0 }" >&4', 'did not run as it should'],
    ])('one that %s', async (_what, script, why) => {
      const path = bwrapThat(script);
      await expect(openSandbox({ mode: 'required', path })).rejects.toMatchObject({
        code: 'sandbox_setup_failed',
        message: expect.stringContaining(why),
      });
      const { state } = await openSandbox({ mode: 'auto', path });
      expect(state).toMatchObject({ in_force: 'none', reason: expect.stringContaining(why) });
      expect(readdirSync('/usr').filter((name) => name.startsWith('execgo-sandbox-'))).toEqual([]);
    });
  },
);

describeSandboxed('the folders of the sandbox', () => {
  it('are tried at the start', async () => {
    const folder = freshFolder();
    expect((await openSandbox({ mode: 'required', writable: [folder] })).state).toMatchObject({
      in_force: 'bubblewrap',
    });
    await expect(openSandbox({ mode: 'required', writable: [join(folder, 'none')] })).rejects.toMatchObject({
      message: `${folder}/none, which a command is to see in its sandbox, is not there`,
    });
  });

  it('a protected one within a writable one: required refuses and says what to do, auto is degraded and says so', async () => {
    const folder = freshFolder();
    const options = { writable: [folder], protectedPaths: [join(folder, 'data')] };
    const problem =
      `${folder}/data may not be touched by commands and lies in ${folder}, which they write to: keep the two apart ` +
      '(for example, with a workspace in a folder of its own)';
    await expect(openSandbox({ ...options, mode: 'required' })).rejects.toMatchObject({
      code: 'sandbox_setup_failed',
      message: problem,
    });
    expect((await openSandbox(options)).state).toMatchObject({ in_force: 'none', reason: problem });
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
});
