import { execFile, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { graphInput, temporaryDirectory } from '@execgo/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGrpc, startKernel, type TestServer } from './support/test-server.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const BUF = join(dirname(createRequire(import.meta.url).resolve('@bufbuild/buf/package.json')), 'bin/buf');
const PYTHON_CLIENT = fileURLToPath(new URL('support/python-client.py', import.meta.url));
const TOKEN = 's3cret';
const MAX_RECEIVE_BYTES = 50_000;

/** Debian's packages belong to its own Python, which need not be the first one on PATH. */
const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import grpc, google.protobuf']).status === 0,
);

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without blocking this process, which is the server. */
function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((settle) => {
    execFile(command, args, { cwd: ROOT, timeout: 60_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      settle({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

async function started() {
  const { kernel } = await startKernel();
  const access = { exposure: 'network', token: TOKEN } as const;
  const server = await startGrpc(kernel, { access, limits: { maxReceiveBytes: MAX_RECEIVE_BYTES } });
  return { kernel, server };
}

describe('buf curl, with reflection', () => {
  function curl(
    { target }: TestServer,
    method: string,
    request: object,
    { token = TOKEN, more = [] as string[] } = {},
  ) {
    const call = [
      'curl',
      '--protocol',
      'grpc',
      '--http2-prior-knowledge',
      '--reflect-header',
      `authorization: Bearer ${TOKEN}`,
    ];
    const headers = ['-H', `authorization: Bearer ${token}`];
    return run(process.execPath, [
      BUF,
      ...call,
      ...headers,
      ...more,
      '-d',
      JSON.stringify(request),
      `http://${target}/${method}`,
    ]);
  }

  it('calls methods that it learnt by reflection, v1 and v1alpha, and is refused with the status', async () => {
    const { kernel, server } = await started();
    const task = { id: 'a', type: 'os', annotations: { by: 'buf' }, timeoutMs: '5000' };
    const submitted = await curl(server, 'execgo.v1.ExecGo/SubmitTasks', { tasks: [task] });
    expect([submitted.stderr, JSON.parse(submitted.stdout || '{}')]).toMatchObject([
      '',
      { accepted: 1, taskIds: ['a'] },
    ]);
    await kernel.wait('a');
    const alpha = { more: ['--reflect-protocol', 'grpc-v1alpha'] };
    const [got, bad] = await Promise.all([
      curl(server, 'execgo.v1.ExecGo/GetTask', { id: 'a' }, alpha),
      curl(server, 'execgo.v1.ExecGo/GetTask', { id: 'a' }, { token: 'wrong' }),
    ]);
    expect(JSON.parse(got.stdout || '{}')).toMatchObject({ task: { ...task, status: 'success' } });
    expect(JSON.parse(bad.stderr)).toMatchObject({ code: 'unauthenticated' });
  });
});

describe('grpcio of Python', () => {
  it.skipIf(python === undefined && process.env.CI === undefined)(
    'unary calls, streams resumed after a cut without gap or repeat, deadlines, bad tokens, messages that are too large',
    async () => {
      expect(python, 'a Python that has grpc and google.protobuf: apt-get install python3-grpcio').toBeDefined();
      const { kernel, server } = await started();
      await kernel.submit(graphInput({ before: [] }));
      await kernel.wait('before');
      const directory = await temporaryDirectory();
      onTestFinished(() => directory.remove());
      const descriptors = join(directory.path, 'execgo.binpb');
      expect(await run(process.execPath, [BUF, 'build', '-o', descriptors])).toMatchObject({ status: 0 });
      const { stdout, stderr } = await run(python as string, [PYTHON_CLIENT, server.target, TOKEN, descriptors]);
      expect(stdout, stderr).not.toBe('');
      const { whole, resumed, ...cases } = JSON.parse(stdout);
      expect(whole).toHaveLength(7);
      expect(whole).toEqual(Array.from(whole, (_, at) => whole[0] + at));
      expect(resumed).toEqual(Array(6).fill(whole));
      expect(cases).toEqual({
        accepted: [2, ['py-a', 'py-b']],
        task: ['success', '{"n":1}', { by: 'python' }, -3, true],
        listed: ['py-b', 'py-a'],
        metrics: { os: 3 },
        health: 1,
        deadline: { status: 'DEADLINE_EXCEEDED', text: expect.stringMatching(/^deadline exceeded$/i), code: null },
        badToken: { status: 'UNAUTHENTICATED', text: expect.stringContaining('not valid'), code: 'unauthenticated' },
        badTokenStream: {
          status: 'UNAUTHENTICATED',
          text: expect.stringContaining('not valid'),
          code: 'unauthenticated',
        },
        missing: { status: 'NOT_FOUND', text: 'task not found: ghost', code: 'not_found' },
        oversize: { status: 'RESOURCE_EXHAUSTED', text: expect.any(String), code: null },
        missingAfterOversize: { status: 'NOT_FOUND', text: 'task not found: large', code: 'not_found' },
      });
    },
  );
});
