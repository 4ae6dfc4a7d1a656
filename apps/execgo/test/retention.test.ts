import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder, type RunningServer, startTestServer } from './support/running-server.js';

/** A result of its own bytes, which are no text: so there is a file of it. */
const binary = (id: string) => ({ id, type: 'shell', params: { script: "printf '\\377\\000'" } });
const noop = (id: string, rest: object = {}) => ({ id, type: 'noop', ...rest });
const waits = (id: string, rest: object = {}) => ({ id, type: 'sleep', input: { duration_ms: 60_000 }, ...rest });

async function idsOf(server: RunningServer): Promise<readonly string[]> {
  const { body } = await server.get('/tasks');
  return (body as unknown as readonly { readonly id: string }[]).map(({ id }) => id);
}

/** Files in the folder of captured output, those of tasks. */
function outputFiles({ cwd }: RunningServer): readonly string[] {
  const folder = join(cwd, 'data', 'output');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name !== 'store-id' && statSync(join(folder, name)).isFile());
}

async function submitAndWait(server: RunningServer, task: { readonly id: string }): Promise<void> {
  expect(await server.post('/tasks', { tasks: [task] })).toMatchObject({ status: 202 });
  expect((await server.get(`/tasks/${task.id}?wait=15000`)).body).toMatchObject({ status: 'success' });
}

describe('max-finished takes effect:', () => {
  it('with 10, after 30 tasks GET /tasks holds the newest 10, and the output files of the others are gone', async () => {
    const server = await startTestServer({ store: 'jsonfile', shellPolicy: 'open', maxFinished: 10 });
    const ids = Array.from({ length: 30 }, (_, at) => `t${at}`);
    for (const id of ids) await submitAndWait(server, binary(id));
    await expect.poll(() => server.kernel.stats().pruned).toBe(20);
    expect(await idsOf(server)).toEqual(ids.slice(20).reverse());
    await expect.poll(() => outputFiles(server).length).toBe(20);
    expect(await server.get('/tasks/t0')).toMatchObject({ status: 404, body: { error: 'task not found: t0' } });
    expect(await server.get('/tasks/t29/output')).toMatchObject({ status: 200, body: { stdout: { bytes: 2 } } });
    const metrics = await (await fetch(`${server.url}/metrics`, { headers: { Accept: 'text/plain' } })).text();
    expect(metrics).toContain('execgo_tasks_pruned_total 20\n');
  });

  it('also of what an earlier life of the store has left, and never of what an unfinished task depends on', async () => {
    const cwd = freshFolder();
    const first = await startTestServer({ store: 'jsonfile' }, cwd);
    for (const id of ['parent', 'a', 'b', 'c']) await submitAndWait(first, noop(id));
    await first.post('/tasks', { tasks: [waits('child', { depends_on: ['parent'] })] });
    await expect.poll(() => first.kernel.stats().running).toBe(1);
    await first.close();

    const second = await startTestServer({ store: 'jsonfile', maxFinished: 1 }, cwd);
    await expect.poll(() => idsOf(second)).toEqual(['child', 'c', 'parent']);
    expect((await fetch(`${second.url}/tasks/parent`, { method: 'DELETE' })).status).toBe(409);
    await second.post('/tasks/child/cancel', {});
    await expect.poll(() => idsOf(second)).toEqual(['child']);
  });
});

describe('retention takes effect:', () => {
  it('what is older when the server starts is deleted, what is younger stays', async () => {
    const cwd = freshFolder();
    const first = await startTestServer({ store: 'jsonfile' }, cwd);
    await submitAndWait(first, noop('a'));
    await first.close();
    const patient = await startTestServer({ store: 'jsonfile', retention: '30d' }, cwd);
    await submitAndWait(patient, noop('b'));
    expect(await idsOf(patient)).toEqual(['b', 'a']);
    await patient.close();
    const hasty = await startTestServer({ store: 'jsonfile', retention: '1ms' }, cwd);
    await expect.poll(() => idsOf(hasty)).toEqual([]);
    await hasty.close();
    expect(await idsOf(await startTestServer({ store: 'jsonfile' }, cwd))).toEqual([]);
  });
});
