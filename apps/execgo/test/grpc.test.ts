import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadGrpcDoor } from '../src/grpc-door.js';
import { resolveSettings, type SettingsInput } from '../src/index.js';
import { freshFolder, startTestServer } from './support/running-server.js';

const OK = '0';
const UNAUTHENTICATED = '16';

interface GrpcAnswer {
  readonly status: string;
  /** Without the five bytes that frame it. */
  readonly message: Buffer;
}

/** One unary call by HTTP/2 alone: no library of ours, or of gRPC, has a part in it. */
function grpcCall(url: string, path: string, message: Buffer, headers: object = {}, ca?: Buffer): Promise<GrpcAnswer> {
  const session = connectHttp2(url, ca === undefined ? {} : { ca });
  onTestFinished(() => session.destroy());
  return new Promise((resolve, reject) => {
    const head = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ...head, ...headers });
    const chunks: Buffer[] = [];
    let status = '';
    const note = (given: Record<string, unknown>) => {
      if (given['grpc-status'] !== undefined) status = String(given['grpc-status']);
    };
    session.on('error', reject);
    stream.on('error', reject).on('response', note).on('trailers', note);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve({ status, message: Buffer.concat(chunks).subarray(5) }));
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([frame, message]));
  });
}

/** A message with one text, as its first field. */
const text = (value: string) => Buffer.concat([Buffer.from([0x0a, value.length]), Buffer.from(value)]);
const CHECK = '/grpc.health.v1.Health/Check';
const GET = '/execgo.v1.ExecGo/GetTask';
const SERVING = Buffer.from([8, 1]);

const doorOf = (options: SettingsInput, cwd = freshFolder()) =>
  loadGrpcDoor(resolveSettings({ cwd, options: { addr: '127.0.0.1:0', ...options } }).settings);

describe('--grpc-addr', () => {
  it('off by default: nothing of gRPC is loaded', async () => {
    expect(await doorOf({})).toBeUndefined();
    expect((await startTestServer()).grpcAddress).toBeUndefined();
  });

  it('serves the same kernel beside HTTP, and the start log tells where', async () => {
    const server = await startTestServer({ grpcAddr: '127.0.0.1:0' });
    const url = `http://${server.grpcAddress}`;
    expect(await grpcCall(url, CHECK, Buffer.alloc(0))).toEqual({ status: OK, message: SERVING });
    await server.run({ type: 'noop', input: { message: 'over both doors' } });
    const { status, message } = await grpcCall(url, GET, text('only'));
    expect([status, message.toString()]).toEqual([OK, expect.stringContaining('over both doors')]);
    expect(server.log.find((line) => 'grpc' in line)).toMatchObject({
      grpc: server.grpcAddress,
      grpc_tls: false,
      grpc_exposure: 'loopback',
      msg: `ExecGo serves on ${server.url} and gRPC on ${server.grpcAddress}`,
    });
  });

  it('a token means the same at both doors', async () => {
    const server = await startTestServer({ grpcAddr: '127.0.0.1:0', tokenFile: tokenFile('s3cret') });
    const url = `http://${server.grpcAddress}`;
    expect((await grpcCall(url, GET, text('x'))).status).toBe(UNAUTHENTICATED);
    expect((await grpcCall(url, GET, text('x'), { authorization: 'Bearer s3cret' })).status).toBe('5');
    expect((await grpcCall(url, CHECK, Buffer.alloc(0))).status).toBe(OK);
  });

  it('max-body holds for messages too', async () => {
    const server = await startTestServer({ grpcAddr: '127.0.0.1:0', maxBody: '1 KiB' });
    const path = '/execgo.v1.ExecGo/SubmitTasks';
    expect((await grpcCall(`http://${server.grpcAddress}`, path, Buffer.alloc(2000))).status).toBe('8');
  });

  it('no task reaches its port', async () => {
    const server = await startTestServer({ grpcAddr: '127.0.0.1:0' });
    const task = await server.run({ type: 'tcp', params: { address: server.grpcAddress } });
    expect(task).toMatchObject({ code: 'denied', error: expect.stringContaining('a port of this ExecGo server') });
  });

  it('closing the server closes it; an address in use is told in a sentence, and leaves HTTP closed', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    await expect(startTestServer({ grpcAddr: `127.0.0.1:${port}` })).rejects.toThrow(
      `the address 127.0.0.1:${port} is in use by another program: stop it, or choose another address with --grpc-addr`,
    );
    const server = await startTestServer({ grpcAddr: '127.0.0.1:0' });
    await server.close();
    await expect(grpcCall(`http://${server.grpcAddress}`, CHECK, Buffer.alloc(0))).rejects.toThrow('ECONNREFUSED');
  });

  it('a package that is not there is told with what to do', async () => {
    const { settings } = resolveSettings({ cwd: freshFolder(), options: { grpcAddr: ':0' } });
    const missing = () => Promise.reject(new Error('Cannot find package'));
    await expect(loadGrpcDoor(settings, missing)).rejects.toThrow(
      '--grpc-addr: the package @execgo/server-grpc cannot be loaded; run: npm install @execgo/server-grpc (Cannot find package)',
    );
  });

  it('beyond loopback it warns of what is open, and of what can be read on the way', async () => {
    const warnings = async (options: SettingsInput) =>
      (await startTestServer({ grpcAddr: '0.0.0.0:0', ...options })).log.map(({ msg }) => String(msg)).join('\n');
    const open = await warnings({ allowUnauthenticated: true });
    expect(open).toContain('gRPC beyond loopback without a token');
    const plain = await warnings({ tokenFile: tokenFile('s3cret') });
    expect(plain).not.toContain('gRPC beyond loopback without a token');
    expect(plain).toContain('gRPC beyond loopback without TLS');
  });
});

describe('--grpc-tls-cert and --grpc-tls-key', () => {
  it('encrypt it, and no task reads the key', async () => {
    const cwd = freshFolder();
    const [cert, key] = [join(cwd, 'cert.pem'), join(cwd, 'key.pem')];
    const made = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=localhost',
    ];
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', ['req', ...made, ...names, '-out', cert, '-keyout', key], { stdio: 'ignore' });
    const server = await startTestServer(
      { grpcAddr: '127.0.0.1:0', grpcTlsCert: 'cert.pem', grpcTlsKey: 'key.pem', workspace: '.' },
      cwd,
    );
    const ca = execFileSync('cat', [cert]);
    const answer = await grpcCall(`https://${server.grpcAddress}`, CHECK, Buffer.alloc(0), {}, ca);
    expect(answer).toEqual({ status: OK, message: SERVING });
    expect(server.log.find((line) => 'grpc' in line)).toMatchObject({ grpc_tls: true });
    expect(await server.run({ type: 'file', params: { action: 'read', path: 'key.pem' } })).toMatchObject({
      code: 'denied',
    });
  });

  it('half of them, or files that are none, end the start with a sentence that names what is wrong', async () => {
    const grpcAddr = '127.0.0.1:0';
    await expect(doorOf({ grpcAddr, grpcTlsCert: 'c' })).rejects.toThrow('--grpc-tls-key is missing');
    await expect(doorOf({ grpcAddr, grpcTlsKey: 'k' })).rejects.toThrow('--grpc-tls-cert is missing');
    await expect(doorOf({ grpcTlsCert: 'c', grpcTlsKey: 'k' })).rejects.toThrow('give --grpc-addr too');
    const cwd = freshFolder();
    const files = { grpcAddr, grpcTlsCert: 'c.pem', grpcTlsKey: 'k.pem' };
    await expect(startTestServer(files, cwd)).rejects.toThrow(/^--grpc-addr .*: option tls\.certFile: .*no such file/);
    writeFileSync(join(cwd, 'c.pem'), 'no certificate');
    writeFileSync(join(cwd, 'k.pem'), 'no key');
    await expect(startTestServer(files, cwd)).rejects.toThrow(/option tls: expected a certificate and its key in PEM/);
  });
});

function tokenFile(token: string): string {
  const file = join(freshFolder(), 'token');
  writeFileSync(file, token, { mode: 0o600 });
  return file;
}
