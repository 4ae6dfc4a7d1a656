import { describe, expect, it } from 'vitest';
import { json, startFake } from './support/fake-server.js';
import { quickClient, rejection } from './support/quick.js';
import { startServer } from './support/test-server.js';

const summary = { name: 'count', description: 'Counts.', source: 'user', scripts: ['count.mjs'] };
const skills = {
  list: async () => [summary],
  get: async () => ({ ...summary, body: '# Count', files: [{ path: 'a b/c.bin', size: 2 }], warnings: [] }),
  file: async (_name: string, path: string) => ({ path, size: 2, bytes: Uint8Array.of(0, 255) }),
};

describe('the calls about the server', () => {
  it('health, metrics and prometheus', async () => {
    const { url } = await startServer({ app: { about: () => ({ sandbox: 'bubblewrap' }) } });
    const client = quickClient(url);
    expect(await client.health()).toMatchObject({
      status: 'ok',
      version: 'v1.2.3',
      state: 'ok',
      sandbox: 'bubblewrap',
    });
    await client.submit({ tasks: [{ id: 'a', type: 'os' }] });
    await client.wait('a');
    expect(await client.metrics()).toMatchObject({ tasks_total: 1, tasks_succeeded: 1, by_type: { os: 1 } });
    expect(await client.prometheus()).toContain('execgo_tasks_succeeded_total 1\n');
  });

  it('ready: yes, or why not; a server that is not ready is asked once', async () => {
    const { url } = await startServer();
    expect(await quickClient(url).ready()).toEqual({ ready: true, state: 'ok' });
    const details = { state: 'failed', problems: { store: 'disk full' } };
    const fake = await startFake(json(503, { error: 'not ready: failed', code: 'unavailable', details }));
    expect(await quickClient(fake.url).ready()).toEqual({ ready: false, ...details });
    expect(fake.seen).toHaveLength(1);
  });

  it('skills by stages: what there is, one, a file of it', async () => {
    const { url } = await startServer({ app: { skills } });
    const client = quickClient(url);
    expect(await client.skills()).toEqual([summary]);
    expect(await client.skill('count')).toMatchObject({ body: '# Count' });
    expect(await client.skillFile('count', 'a b/c.bin')).toEqual(Uint8Array.of(0, 255));
  });

  it('a token goes with every request; without it the refusal is told', async () => {
    const { url } = await startServer({ app: { access: { exposure: 'network', token: 's3cret' } } });
    expect(await rejection(quickClient(url).metrics())).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await quickClient(url, { token: 's3cret' }).metrics()).toMatchObject({ tasks_total: 0 });
    expect(await quickClient(url.replace('//', '//user:s3cret@')).metrics()).toMatchObject({ tasks_total: 0 });
  });

  it('a server under a prefix', async () => {
    const fake = await startFake(json(200, { id: 'a' }));
    await quickClient(`${fake.url}/execgo/`, { headers: { 'X-Team': 'blue' } }).get('a');
    expect(fake.seen[0]).toMatchObject({ url: '/execgo/tasks/a', headers: { 'x-team': 'blue' } });
  });
});
