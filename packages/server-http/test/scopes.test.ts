import { graphInput } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { send, startKernel, testApp } from './support/test-server.js';

const access = {
  exposure: 'network',
  tokens: [
    { name: 'viewer', token: 'view', scopes: ['read'] },
    { name: 'producer', token: 'give', scopes: ['submit'] },
    { name: 'worker', token: 'work', scopes: ['read', 'submit'] },
    { name: 'root', token: 'all', scopes: ['admin'] },
  ],
} as const;
const as = (token: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${token}`, ...more });

describe('scopes: what a token is good for', () => {
  it('every route asks for the scope of its method: GET and HEAD read, POST submit (read where nothing is stored), DELETE admin', async () => {
    const { app } = testApp(fakeKernel(), { access });
    const paths = app.routes.map(({ path }) => path.replace(/:\w+(\{.*\})?/g, 'some-id'));
    const lacking = { GET: 'give', HEAD: 'give', POST: 'view', DELETE: 'work' } as const;
    for (const path of paths.filter((path) => !['/health', '/livez', '/readyz', '/*'].includes(path))) {
      const tried = await Promise.all(
        Object.entries({ ...lacking, ...(path === '/adapters/translate' && { POST: 'give' }) }).map(
          async ([method, token]) => {
            const { status, json } = await send(app, method, path, { headers: as(token) });
            if (status === 403 && method !== 'HEAD') expect(json.error).toContain('does not have the scope');
            return [method, status] as const;
          },
        ),
      );
      for (const [method, status] of tried)
        expect([path, method, [403, 405].includes(status)]).toEqual([path, method, true]);
      expect(tried.some(([, status]) => status === 403)).toBe(true);
    }
  });

  it('a token with the scope goes through', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel, { access });
    const body = graphInput({ a: [] });
    expect((await send(app, 'POST', '/tasks', { body, headers: as('give') })).status).toBe(202);
    expect((await send(app, 'GET', '/tasks/a?wait=5000', { headers: as('view') })).json.status).toBe('success');
    expect((await send(app, 'DELETE', '/tasks/a', { headers: as('all') })).status).toBe(204);
    expect((await send(app, 'GET', '/tasks', { headers: as('all') })).json).toEqual([]);
  });

  it('to read is enough for what an action stands for: nothing is stored', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel, { access });
    const body = { action: { kind: 'os.noop' } };
    expect((await send(app, 'POST', '/adapters/translate', { body, headers: as('view') })).status).toBe(200);
    expect((await send(app, 'POST', '/adapters/actions', { body, headers: as('view') })).status).toBe(403);
    expect((await kernel.list({})).tasks).toEqual([]);
  });

  it('the name of the token goes into the events as actor', async () => {
    const { kernel, executor } = await startKernel();
    const { app } = testApp(kernel, { access });
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }), headers: as('give') });
    await executor.started('a');
    await kernel.wait('a');
    await send(app, 'DELETE', '/tasks/a', { headers: as('all') });
    const actors = [];
    for await (const event of kernel.events({})) if ('actor' in event) actors.push([event.type, event.actor]);
    expect(actors).toEqual([
      ['graph_submitted', 'producer'],
      ['task_deleted', 'root'],
    ]);
  });

  it('Idempotency-Key: two callers may use the same one for different graphs', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel, { access });
    const key = { 'idempotency-key': 'k' };
    const give = await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }), headers: as('give', key) });
    const work = await send(app, 'POST', '/tasks', { body: graphInput({ b: [] }), headers: as('work', key) });
    expect([give.status, work.status]).toEqual([202, 202]);
    expect(work.json.task_ids).toEqual(['b']);
  });
});
