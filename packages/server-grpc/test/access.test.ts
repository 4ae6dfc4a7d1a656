import { connect } from 'node:http2';
import type { AccessOptions } from '@execgo/access';
import { ConfigError } from '@execgo/core';
import { deferred } from '@execgo/testkit';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ExecGo } from '../src/gen/execgo/v1/execgo_pb.js';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '../src/gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../src/gen/grpc/reflection/v1/reflection_pb.js';
import { serveGrpc } from '../src/index.js';
import { type Ended, GrpcClient, refusalOf } from './support/client.js';
import { fakeKernel } from './support/fake-kernel.js';
import { startGrpc, startKernel } from './support/test-server.js';

const access: AccessOptions = {
  exposure: 'network',
  tokens: [
    { name: 'viewer', token: 'view', scopes: ['read'] },
    { name: 'producer', token: 'give', scopes: ['submit'] },
    { name: 'worker', token: 'work', scopes: ['read', 'submit'] },
    { name: 'root', token: 'all', scopes: ['admin'] },
  ],
};
const { submitTasks, getTask, listTasks, cancelTask, deleteTask, watchTasks, health, metrics } = ExecGo.method;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** How each method ends for this token, by its name. */
async function endings(client: GrpcClient, headers: Record<string, string>): Promise<Record<string, Ended>> {
  const of = (call: Promise<unknown>) => refusalOf(call);
  return {
    submitTasks: await of(client.call(submitTasks, { tasks: [] }, headers)),
    getTask: await of(client.call(getTask, { id: 'x' }, headers)),
    listTasks: await of(client.call(listTasks, { pageSize: -1 }, headers)),
    cancelTask: await of(client.call(cancelTask, { id: 'x' }, headers)),
    deleteTask: await of(client.call(deleteTask, { id: 'x' }, headers)),
    watchTasks: await client.stream(watchTasks, { taskId: 'x' }, {}, headers).ended,
  };
}

const NEEDS = {
  submitTasks: 'submit',
  getTask: 'read',
  listTasks: 'read',
  cancelTask: 'submit',
  deleteTask: 'admin',
  watchTasks: 'read',
} as const;

describe('Token: gRPC metadata `authorization`', () => {
  it('without one, or with a wrong one, every method is UNAUTHENTICATED, but health', async () => {
    const { kernel } = await startKernel();
    const client = new GrpcClient((await startGrpc(kernel, { access })).target);
    for (const headers of [{}, bearer('wrong'), { authorization: 'view' }]) {
      for (const [name, { code, trailers }] of Object.entries(await endings(client, headers))) {
        expect([name, code, trailers.code]).toEqual([name, status.UNAUTHENTICATED, 'unauthenticated']);
      }
      expect((await client.refusal(metrics, {}, headers)).code).toBe(status.UNAUTHENTICATED);
      expect((await client.call(health, {}, headers)).status).toBe('ok');
      expect((await client.call(Health.method.check, {}, headers)).status).toBe(Serving.SERVING);
    }
    const stranger = client.conversation(ServerReflection.method.serverReflectionInfo);
    expect((await stranger.ended).code).toBe(status.UNAUTHENTICATED);
  });

  it('reads need read, SubmitTasks and CancelTask submit, DeleteTask admin: PERMISSION_DENIED names the scope', async () => {
    const { kernel } = await startKernel();
    const client = new GrpcClient((await startGrpc(kernel, { access })).target);
    const has = { view: ['read'], give: ['submit'], work: ['read', 'submit'], all: ['read', 'submit', 'admin'] };
    for (const [token, scopes] of Object.entries(has)) {
      for (const [name, { code, text }] of Object.entries(await endings(client, bearer(token)))) {
        const need = NEEDS[name as keyof typeof NEEDS];
        const isDenied = code === status.PERMISSION_DENIED;
        expect([token, name, isDenied]).toEqual([token, name, !scopes.includes(need)]);
        if (isDenied) expect(text).toContain(`does not have the scope ${need}`);
      }
    }
  });

  it('Basic with the token as password is the same, and the name of the token goes into events as actor', async () => {
    const { kernel } = await startKernel();
    const client = new GrpcClient((await startGrpc(kernel, { access })).target);
    const basic = { authorization: `Basic ${Buffer.from('anybody:give').toString('base64')}` };
    await client.call(submitTasks, { tasks: [{ id: 'a', type: 'os' }] }, basic);
    await kernel.wait('a');
    await client.call(deleteTask, { id: 'a' }, bearer('all'));
    const actors = [];
    for await (const event of kernel.events({})) if ('actor' in event) actors.push([event.type, event.actor]);
    expect(actors).toEqual([
      ['graph_submitted', 'producer'],
      ['task_deleted', 'root'],
    ]);
  });

  it('two callers may use one idempotency key for different graphs', async () => {
    const { kernel } = await startKernel();
    const client = new GrpcClient((await startGrpc(kernel, { access })).target);
    const submit = (id: string, token: string) =>
      client.call(submitTasks, { tasks: [{ id, type: 'os' }] }, { ...bearer(token), 'idempotency-key': 'k' });
    expect((await submit('a', 'give')).taskIds).toEqual(['a']);
    expect((await submit('b', 'work')).taskIds).toEqual(['b']);
  });

  it('of a stranger no message is read: the call ends while it is still being sent', async () => {
    const { kernel } = await startKernel();
    const server = await startGrpc(kernel, { access });
    const session = connect(`http://${server.target}`);
    const ended = deferred<string>();
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': '/execgo.v1.ExecGo/SubmitTasks',
        'content-type': 'application/grpc',
        te: 'trailers',
      },
      { endStream: false },
    );
    stream.once('response', (headers) => ended.resolve(String(headers['grpc-status'])));
    stream.on('error', () => {});
    // A frame that says that 4 MiB follow, which never come.
    stream.write(Buffer.from([0, 0, 0x40, 0, 0, 1, 2, 3]));
    expect(await ended.promise).toBe(String(status.UNAUTHENTICATED));
    session.destroy();
  });
});

describe('Loopback without a token: open to programs of this machine, closed to web pages', () => {
  it('an Origin is refused unless it is listed, and so is an authority that is no loopback name', async () => {
    const { kernel } = await startKernel();
    const server = await startGrpc(kernel, { access: { allowedOrigins: ['https://ok.example'] } });
    const client = new GrpcClient(server.target);
    const page = await client.refusal(metrics, {}, { origin: 'https://evil.example' });
    expect([page.code, page.text]).toEqual([status.PERMISSION_DENIED, expect.stringContaining('https://evil.example')]);
    expect((await client.call(metrics, {}, { origin: 'https://ok.example' })).tasksTotal).toBe(0n);
    const renamed = new GrpcClient(server.target, { channel: { 'grpc.default_authority': 'evil.example' } });
    expect((await renamed.refusal(health, {})).code).toBe(status.PERMISSION_DENIED);
    const named = new GrpcClient(server.target, { channel: { 'grpc.default_authority': 'localhost:50051' } });
    expect((await named.call(health, {})).status).toBe('ok');
  });

  it('with a token neither matters but the Origin', async () => {
    const { kernel } = await startKernel();
    const server = await startGrpc(kernel, { access });
    const renamed = new GrpcClient(server.target, { channel: { 'grpc.default_authority': 'kernel.example' } });
    expect((await renamed.call(metrics, {}, bearer('view'))).tasksTotal).toBe(0n);
    const page = await renamed.refusal(metrics, {}, { ...bearer('view'), origin: 'https://evil.example' });
    expect(page.code).toBe(status.PERMISSION_DENIED);
  });

  it('a server that asks no token does not listen beyond loopback', async () => {
    const kernel = fakeKernel();
    await expect(serveGrpc({ kernel, version: '1', address: { host: '0.0.0.0', port: 0 } })).rejects.toThrow(
      'option address.host: expected a loopback address',
    );
    await expect(serveGrpc({ kernel, version: '1', access: { exposure: 'network' } })).rejects.toThrow(ConfigError);
  });
});

it('what is wrong is told by Health to those who may call; to others only that something is', async () => {
  const problems = { store: 'the disk is full', ['__proto__']: 'odd' };
  const kernel = fakeKernel({ health: async () => ({ state: 'failed', problems }) });
  const client = new GrpcClient((await startGrpc(kernel, { access })).target);
  expect(await client.call(health, {})).toMatchObject({ status: 'ok', state: 'failed', problems: {} });
  expect(await client.call(health, {}, bearer('give'))).toMatchObject({
    status: 'ok',
    version: 'v1.2.3',
    uptime: '0s',
    state: 'failed',
    problems: { store: 'the disk is full' },
  });
});
