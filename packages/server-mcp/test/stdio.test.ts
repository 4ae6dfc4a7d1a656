import { describe, expect, it } from 'vitest';
import { overStdio } from './support/connect.js';
import { ERAS } from './support/eras.js';
import { useKernel } from './support/use-kernel.js';

const version = '1.2.3';

describe.each(ERAS)('over stdio, %s', (era) => {
  it('a client that closes its end is gone, and cancels nothing', async () => {
    const { kernel, os } = await useKernel();
    const { server, client } = await overStdio({ kernel, version }, era);
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
