import { ExecGoError, type KernelHealth, type KernelStats } from '@execgo/core';
import { FakeClock, FakeExecutor, fails, graphInput } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { send, startKernel, testApp } from './support/test-server.js';

const wellApp = (options = {}) =>
  testApp(fakeKernel({ health: async () => ({ state: 'ok', problems: {} }) }), options).app;
const illApp = (health: KernelHealth, options = {}) => testApp(fakeKernel({ health: async () => health }), options).app;

describe('GET /health', () => {
  it('answers {status:"ok", version:"v…", uptime}, in this order, and the state of the kernel', async () => {
    const { status, text } = await send(wellApp({ clock: new FakeClock() }), 'GET', '/health');
    expect([status, text]).toEqual([200, '{"status":"ok","version":"v1.2.3","uptime":"0s","state":"ok"}']);
    expect((await send(wellApp({ version: 'v2' }), 'GET', '/health')).json.version).toBe('v2');
  });

  it.each([
    [0, '0s'],
    [999, '0s'],
    [1000, '1s'],
    [59_999, '59s'],
    [60_000, '1m0s'],
    [63_000, '1m3s'],
    [3_600_000, '1h0m0s'],
    [7_205_400, '2h0m5s'],
    [100 * 3_600_000 + 61_000, '100h1m1s'],
  ])('uptime after %i ms is %s, whole seconds as Go prints a duration', async (ms, uptime) => {
    const clock = new FakeClock();
    const app = wellApp({ clock });
    await clock.advance(ms);
    expect((await send(app, 'GET', '/health')).json.uptime).toBe(uptime);
  });

  it('tells what the server is about to those who may call, never instead of its own fields', async () => {
    const about = () => ({ sandbox: { in_force: 'none' }, status: 'odd' });
    const { json } = await send(wellApp({ about }), 'GET', '/health');
    expect(json).toMatchObject({ status: 'ok', state: 'ok', sandbox: { in_force: 'none' } });
    const guarded = wellApp({ about, access: { exposure: 'network', token: 't0ken' } });
    const stranger = await send(guarded, 'GET', '/health', { headers: { host: 'a.example' } });
    expect(Object.keys(stranger.json)).toEqual(['status', 'version', 'uptime', 'state']);
    const caller = await send(guarded, 'GET', '/health', {
      headers: { host: 'a.example', authorization: 'Bearer t0ken' },
    });
    expect(caller.json).toMatchObject({ sandbox: { in_force: 'none' } });
  });

  it('stays 200 while the kernel is not well, and says what is wrong', async () => {
    const app = illApp({ state: 'failed', problems: { store: 'disk full' } });
    const { status, json } = await send(app, 'GET', '/health');
    expect([status, json]).toEqual([
      200,
      expect.objectContaining({ status: 'ok', state: 'failed', problems: { store: 'disk full' } }),
    ]);
    const broken = testApp(fakeKernel({ health: () => Promise.reject(new ExecGoError('internal', 'broken')) })).app;
    expect((await send(broken, 'GET', '/health')).json).toMatchObject({
      state: 'failed',
      problems: { kernel: 'broken' },
    });
  });

  it('tells what is wrong only to those who may call', async () => {
    const access = { exposure: 'network', token: 'secret' } as const;
    const app = illApp({ state: 'failed', problems: { store: '/data: disk full' } }, { access });
    for (const path of ['/health', '/readyz']) {
      expect((await send(app, 'GET', path)).text).not.toContain('/data');
      const headers = { authorization: 'Bearer secret' };
      expect((await send(app, 'GET', path, { headers })).text).toContain('/data: disk full');
    }
  });
});

describe('/livez and /readyz', () => {
  it('/livez is 200 whatever the kernel says', async () => {
    expect((await send(testApp(fakeKernel()).app, 'GET', '/livez')).json).toEqual({ status: 'ok' });
  });

  it.each(['starting', 'stopping', 'failed'] as const)(
    '/readyz is 503 while the kernel is %s, with the reasons',
    async (state) => {
      const { status, json, headers } = await send(illApp({ state, problems: { os: 'no shell' } }), 'GET', '/readyz');
      expect(status).toBe(503);
      expect(json).toEqual({
        error: `not ready: ${state}`,
        code: 'unavailable',
        details: { state, problems: { os: 'no shell' } },
        trace_id: headers.get('x-trace-id'),
      });
    },
  );

  it('/readyz is 200 when it is ok, also with a problem of one executor', async () => {
    expect((await send(wellApp(), 'GET', '/readyz')).status).toBe(200);
    expect((await send(illApp({ state: 'ok', problems: { mcp: 'down' } }), 'GET', '/readyz')).status).toBe(200);
  });
});

const histogram = { bounds: [1, 10, 1000], counts: [2, 3, 3, 4], sum: 2506 };
const stats: KernelStats = {
  submitted: 10,
  succeeded: 4,
  failed: 2,
  skipped: 3,
  retried: 5,
  byType: { os: 9, 'a"b\\c\nd': 1 },
  running: 1,
  ready: 6,
  unfinished: 7,
  abandoned: 8,
  pruned: 12,
  outputsIncomplete: 1,
  lastSeq: 0,
  uncommittedBytes: 9,
  queueWait: histogram,
  attemptDuration: histogram,
  commitDuration: histogram,
};

describe('GET /metrics', () => {
  const { app } = testApp(fakeKernel({ stats: () => stats }));

  it('answers JSON {tasks_total, tasks_running, tasks_succeeded, tasks_failed, by_type}', async () => {
    const { json, headers } = await send(app, 'GET', '/metrics');
    expect(headers.get('content-type')).toBe('application/json');
    expect(json).toEqual({
      tasks_total: 10,
      tasks_running: 1,
      tasks_succeeded: 4,
      tasks_failed: 5,
      by_type: stats.byType,
    });
  });

  it('counts since start, by normalised type', async () => {
    const { kernel } = await startKernel({ executor: new FakeExecutor().script('b', fails()) });
    const real = testApp(kernel).app;
    const body = { tasks: [{ id: 'a', type: 'shell' }, ...graphInput({ b: ['a'], c: ['b'], d: ['c'] }).tasks] };
    const { json } = await send(real, 'POST', '/tasks', { body });
    await send(real, 'GET', `/graphs/${json.graph_id}?wait=5000`);
    expect((await send(real, 'GET', '/metrics')).json).toEqual({
      tasks_total: 4,
      tasks_running: 0,
      tasks_succeeded: 1,
      tasks_failed: 3,
      by_type: { os: 4 },
    });
  });

  it.each([
    [undefined, false],
    ['*/*', false],
    ['application/json', false],
    ['text/plain, application/json', false],
    ['application/json;q=0.9, text/plain;q=0.9', false],
    ['text/html, */*;q=0.8', false],
    ['text/plain;q=0, */*', false],
    ['image/png', false],
    ['text/plain;q=oops', false],
    [',,;', false],
    ['text/plain', true],
    ['text/*', true],
    ['text/plain;version=0.0.4;q=0.3,*/*;q=0.1', true],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1', true],
    ['application/json;q=0.1, text/plain;q=0.2', true],
    ['*/*, application/json;q=0.5', true],
  ])('Prometheus text only when Accept prefers it over JSON: %s', async (accept, text) => {
    const { headers } = await send(app, 'GET', '/metrics', { headers: accept === undefined ? {} : { accept } });
    expect(headers.get('content-type')?.startsWith('text/plain')).toBe(text);
  });

  it('the text also has what the program round the app adds; the JSON has not', async () => {
    let value = 1;
    const metrics = () => [
      { name: 'cache_hits_total', help: 'Hits.', type: 'counter', value: value++ } as const,
      { name: 'cache_up', help: 'Up.', type: 'gauge', value: 0 } as const,
    ];
    const more = testApp(fakeKernel({ stats: () => stats }), { metrics }).app;
    const text = async () => (await send(more, 'GET', '/metrics', { headers: { accept: 'text/plain' } })).text;
    expect(await text()).toContain(
      '# HELP execgo_cache_hits_total Hits.\n# TYPE execgo_cache_hits_total counter\nexecgo_cache_hits_total 1\n',
    );
    expect(await text()).toMatch(
      /execgo_cache_hits_total 2\n[\s\S]*# TYPE execgo_cache_up gauge\nexecgo_cache_up 0\n$/,
    );
    expect((await send(more, 'GET', '/metrics')).json).toEqual((await send(app, 'GET', '/metrics')).json);
  });

  it('the text is what Prometheus reads', async () => {
    const clock = new FakeClock();
    const timed = testApp(fakeKernel({ stats: () => stats }), { clock }).app;
    await clock.advance(1500);
    const { text, headers } = await send(timed, 'GET', '/metrics', { headers: { accept: 'text/plain' } });
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n');
    for (const line of lines) {
      expect(line).toMatch(/^(# (HELP|TYPE) execgo_\w+ .+|execgo_\w+(\{\w+="([^"\\\n]|\\["\\n])*"\})? [\d.]+)$/);
    }
    expect(lines).toEqual(
      expect.arrayContaining([
        'execgo_info{version="v1.2.3"} 1',
        'execgo_uptime_seconds 1.5',
        '# TYPE execgo_tasks_submitted_total counter',
        'execgo_tasks_submitted_total 10',
        'execgo_tasks_submitted_by_type_total{type="os"} 9',
        'execgo_tasks_submitted_by_type_total{type="a\\"b\\\\c\\nd"} 1',
        'execgo_tasks_failed_total 2',
        'execgo_tasks_skipped_total 3',
        'execgo_attempts_running 1',
        '# TYPE execgo_queue_wait_seconds histogram',
        'execgo_queue_wait_seconds_bucket{le="0.001"} 2',
        'execgo_queue_wait_seconds_bucket{le="1"} 3',
        'execgo_queue_wait_seconds_bucket{le="+Inf"} 4',
        'execgo_queue_wait_seconds_sum 2.506',
        'execgo_queue_wait_seconds_count 4',
      ]),
    );
    const families = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
    expect(new Set(families).size).toBe(families.length);
  });
});
