import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type McpServerOptions, serveMcpStdio } from '../src/index.js';
import { overStdio } from './support/connect.js';
import { ERAS } from './support/eras.js';
import { useKernel } from './support/use-kernel.js';

const version = '1.2.3';

describe.each(ERAS)('over stdio, %s', (era) => {
  it('a client that closes its end is gone, and cancels nothing', async () => {
    const { kernel, os } = await useKernel();
    const { server, client } = await overStdio({ kernel, version, limits: { drainMs: 1 } }, era);
    const call = client.callTool({ name: 'os__wait' });
    call.catch(() => undefined);
    const id = await os.beginning();
    await client.close();
    await server.ended;
    await server.close();
    os.release(id);
    expect(await kernel.wait(id)).toMatchObject({ status: 'success' });
  });

  it('closing answers what is under way, and ends the connection', async () => {
    const { kernel, os } = await useKernel();
    const { server, client } = await overStdio({ kernel, version }, era);
    const call = client.callTool({ name: 'os__wait' });
    const id = await os.beginning();
    await server.close();
    await server.ended;
    expect(await call).toMatchObject({ isError: true, structuredContent: { error: { code: 'unavailable' } } });
    os.release(id);
  });
});

describe('a client that writes its requests and closes its end', () => {
  const CALL = request(3, 'tools/call', { name: 'os__wait', arguments: {} });
  const REQUESTS = [
    request(1, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'pipe', version: '1' },
    }),
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    request(2, 'tools/list', {}),
    CALL,
  ];

  it('gets every answer, that of a call under way too', async () => {
    const { kernel, os } = await useKernel();
    const { server, answers } = pipe({ kernel, version });
    os.release(await os.beginning());
    await server.ended;
    expect(answers().map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(answers()[2]).toMatchObject({ result: { structuredContent: { ok: true } } });
  });

  it('gets unavailable for a call that takes longer than drainMs, and its task goes on', async () => {
    const { kernel, os } = await useKernel();
    const { server, answers } = pipe({ kernel, version, limits: { drainMs: 1 } });
    const id = await os.beginning();
    await server.ended;
    expect(answers()[2]).toMatchObject({
      id: 3,
      result: { isError: true, structuredContent: { error: { code: 'unavailable', details: { task_id: id } } } },
    });
    os.release(id);
    expect(await kernel.wait(id)).toMatchObject({ status: 'success' });
  });

  it('and is gone before anybody reads is over too', async () => {
    const { kernel } = await useKernel();
    const stdin = new PassThrough();
    stdin.destroy();
    const server = serveMcpStdio({ kernel, version, stdin, stdout: new PassThrough() });
    await server.ended;
    await server.close();
  });

  function pipe(options: McpServerOptions) {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    let printed = '';
    stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    stdin.end(`${REQUESTS.join('\n')}\n`);
    const server = serveMcpStdio({ ...options, stdin, stdout });
    onTestFinished(() => server.close());
    const answers = () =>
      printed
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { readonly id: number });
    return { server, answers };
  }

  function request(id: number, method: string, params: object): string {
    return JSON.stringify({ jsonrpc: '2.0', id, method, params });
  }
});
