import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { ConfigError, isExecGoError } from '@execgo/core';
import { deferred, temporaryDirectory } from '@execgo/testkit';
import { credentials, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ExecGo, TaskGraphSchema } from '../src/gen/execgo/v1/execgo_pb.js';
import { serveGrpc } from '../src/index.js';
import { decode } from '../src/message-codec.js';
import { GrpcClient } from './support/client.js';
import { fakeKernel } from './support/fake-kernel.js';
import { startGrpc, startKernel } from './support/test-server.js';

const { submitTasks, getTask, health } = ExecGo.method;

describe('limits', () => {
  it('a message that is too large is RESOURCE_EXHAUSTED, and leaves nothing behind', async () => {
    const { kernel } = await startKernel();
    const client = new GrpcClient((await startGrpc(kernel, { limits: { maxReceiveBytes: 1000 } })).target);
    const tasks = [{ id: 'a', type: 'os', paramsJson: JSON.stringify({ text: 'x'.repeat(1000) }) }];
    expect((await client.refusal(submitTasks, { tasks })).code).toBe(status.RESOURCE_EXHAUSTED);
    expect((await kernel.list({})).tasks).toEqual([]);
    expect((await client.call(submitTasks, { tasks: [{ id: 'a', type: 'os' }] })).accepted).toBe(1);
  });

  it('so is an answer that is too large', async () => {
    const { kernel } = await startKernel();
    await kernel.submit({ tasks: [{ id: 'a', type: 'os', input: { text: 'x'.repeat(1000) } }] });
    const client = new GrpcClient((await startGrpc(kernel, { limits: { maxSendBytes: 1000 } })).target);
    expect((await client.refusal(getTask, { id: 'a' })).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('of one connection no more than so many calls are served at once', async () => {
    const release = deferred<void>();
    let underWay = 0;
    let most = 0;
    const get = async () => {
      most = Math.max(most, ++underWay);
      await release.promise;
      underWay -= 1;
      throw new ConfigError('a', 'b', 'c');
    };
    const client = new GrpcClient(
      (await startGrpc(fakeKernel({ get }), { limits: { maxConcurrentStreams: 3 } })).target,
    );
    const calls = Array.from({ length: 10 }, () => client.refusal(getTask, { id: 'a' }));
    await expect.poll(() => underWay).toBe(3);
    release.resolve();
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(Array(10).fill(status.INVALID_ARGUMENT));
    expect(most).toBe(3);
  });

  it('connections beyond the limit are closed; what is no HTTP/2 harms nobody', async () => {
    const { kernel } = await startKernel();
    const server = await startGrpc(kernel, { limits: { maxConnections: 1 } });
    const first = new GrpcClient(server.target);
    await first.call(health, {});
    const second = connectTcp(server.address.port, '127.0.0.1');
    await new Promise((resolve) => second.once('close', resolve).on('error', () => {}));
    first.close();
    const roomy = await startGrpc(kernel);
    const garbage = connectTcp(roomy.address.port, '127.0.0.1');
    garbage.on('error', () => {}).end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => garbage.once('close', resolve).resume());
    expect((await new GrpcClient(roomy.target).call(health, {})).status).toBe('ok');
  });

  it('a limit, an address or a version that cannot be used is a ConfigError that names it', async () => {
    const kernel = fakeKernel();
    const cases = [
      [
        { limits: { maxReceiveBytes: 0 } },
        'option limits.maxReceiveBytes: expected an integer from 1 to 2147483647, got 0',
      ],
      [{ limits: { keepaliveTimeMs: 2 ** 31 } }, 'option limits.keepaliveTimeMs'],
      [{ version: '' }, 'option version'],
      [{ address: { port: 65_536 } }, 'option address.port: expected 0 to 65535, got 65536'],
      [{ address: { host: '' } }, 'option address.host'],
    ] as const;
    for (const [options, message] of cases) {
      await expect(serveGrpc({ kernel, version: '1', address: { port: 0 }, ...options })).rejects.toThrow(message);
    }
  });

  it('an address in use is `unavailable`, with the error of the system as its cause', async () => {
    const kernel = fakeKernel();
    const { port } = (await startGrpc(kernel)).address;
    const error = await serveGrpc({ kernel, version: '1', address: { port } }).catch((cause: unknown) => cause);
    expect(isExecGoError(error, 'unavailable')).toBe(true);
    expect(error).toMatchObject({ cause: { code: 'EADDRINUSE' } });
  });

  it('close is safe to call twice, and with connections that never said a word', async () => {
    const server = await startGrpc(fakeKernel());
    const silent = connectTcp(server.address.port, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    const closed = new Promise((resolve) => silent.once('close', resolve).on('error', () => {}));
    await Promise.all([server.close(), server.close({ graceMs: 60_000 })]);
    await closed;
  });
});

it('any bytes are a message or `invalid_input`, and `__proto__` is a key like any other', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .uint8Array({ maxLength: 40 })
      .map((part) => Buffer.concat([Buffer.from('0a', 'hex'), Buffer.from([part.length]), part])),
    fc.uint8Array({ maxLength: 20 }).map((part) => Buffer.concat([Buffer.from('__proto__'), part])),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        expect(decode(TaskGraphSchema, Buffer.from(input)).tasks).toBeInstanceOf(Array);
      } catch (error) {
        if (!isExecGoError(error, 'invalid_input')) throw error;
      }
    }),
    { numRuns: 500 },
  );
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

describe('TLS', () => {
  /** A folder with a certificate of the server and one of a client, each signed by itself. */
  async function certificates() {
    const directory = await temporaryDirectory();
    onTestFinished(() => directory.remove());
    const file = (name: string) => join(directory.path, name);
    const make = (name: string, ...more: readonly string[]) => {
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const files = ['-keyout', file(`${name}-key.pem`), '-out', file(`${name}.pem`)];
      execFileSync('openssl', ['req', '-x509', ...curve, '-subj', `/CN=${name}`, ...more, ...files], {
        stdio: 'ignore',
      });
    };
    make('server', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost');
    make('client');
    const tls = { certFile: file('server.pem'), keyFile: file('server-key.pem') };
    return { tls, file, root: readFileSync(tls.certFile) };
  }

  it('encrypts; with a client CA only those with a certificate get in', async () => {
    const { kernel } = await startKernel();
    const { tls, file, root } = await certificates();
    const plain = await startGrpc(kernel, { tls });
    expect(
      (await new GrpcClient(plain.target, { credentials: credentials.createSsl(root) }).call(health, {})).status,
    ).toBe('ok');
    expect((await new GrpcClient(plain.target).refusal(health, {})).code).toBe(status.UNAVAILABLE);

    const mutual = await startGrpc(kernel, { tls: { ...tls, clientCaFile: file('client.pem') } });
    const known = credentials.createSsl(root, readFileSync(file('client-key.pem')), readFileSync(file('client.pem')));
    expect((await new GrpcClient(mutual.target, { credentials: known }).call(health, {})).status).toBe('ok');
    const stranger = new GrpcClient(mutual.target, { credentials: credentials.createSsl(root) });
    expect((await stranger.refusal(health, {})).code).toBe(status.UNAVAILABLE);
  });

  it('the peer of an encrypted connection is judged too', async () => {
    const seen: string[] = [];
    const { kernel } = await startKernel();
    const { tls, root } = await certificates();
    const server = await startGrpc(kernel, { tls, logger: { error: (_fields, message) => void seen.push(message) } });
    const evil = new GrpcClient(server.target, {
      credentials: credentials.createSsl(root),
      channel: { 'grpc.default_authority': 'evil.example', 'grpc.ssl_target_name_override': 'localhost' },
    });
    expect((await evil.refusal(health, {})).code).toBe(status.PERMISSION_DENIED);
    expect(seen).toEqual([]);
  });

  it('files that are no certificate and key are a ConfigError', async () => {
    const kernel = fakeKernel();
    const { file } = await certificates();
    writeFileSync(file('none.pem'), 'nothing');
    const missing = { certFile: file('absent.pem'), keyFile: file('absent.pem') };
    await expect(serveGrpc({ kernel, version: '1', tls: missing })).rejects.toThrow(
      'option tls.certFile: expected a file that can be read',
    );
    const none = { certFile: file('none.pem'), keyFile: file('none.pem') };
    await expect(serveGrpc({ kernel, version: '1', tls: none })).rejects.toThrow(ConfigError);
  });
});
