import { freePort } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { createClient, ExecGoUnreachableError } from '../src/index.js';
import { json, reset, startFake } from './support/fake-server.js';
import { quickClient, rejection } from './support/quick.js';

const receipt = { accepted: 1, task_ids: ['a'], graph_id: 'g' };
const graph = { tasks: [{ id: 'a', type: 'os' }] };

describe('what is tried again', () => {
  it('a submission whose answer was lost, with one key and the same body', async () => {
    const fake = await startFake(reset, json(503, { error: 'unknown', code: 'unavailable' }), json(202, receipt));
    expect(await quickClient(fake.url).submit(graph)).toEqual(receipt);
    expect(fake.seen).toHaveLength(3);
    const keys = new Set(fake.seen.map(({ headers }) => headers['idempotency-key']));
    expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(new Set(fake.seen.map(({ body }) => body))).toEqual(new Set([JSON.stringify(graph)]));
  });

  it('429, not before its Retry-After', async () => {
    const busy = json(429, { error: 'later', code: 'resource_exhausted' }, { 'Retry-After': '1' });
    const fake = await startFake(busy, json(202, receipt));
    const begun = performance.now();
    await quickClient(fake.url).submit(graph);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(990);
  });

  it('what stands before the server and cannot reach it', async () => {
    const fake = await startFake(
      (response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>'),
      (response) => response.writeHead(504).end(),
      json(200, { id: 'a', status: 'success' }),
    );
    expect(await quickClient(fake.url).get('a')).toMatchObject({ status: 'success' });
  });

  it('an answer that broke off in the middle', async () => {
    const half = (response: import('node:http').ServerResponse) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' });
      response.write('{"id":"a",');
      setImmediate(() => response.socket?.resetAndDestroy());
    };
    const fake = await startFake(half, json(200, { id: 'a', status: 'success' }));
    expect(await quickClient(fake.url).get('a')).toMatchObject({ status: 'success' });
  });

  it('a deletion whose answer was lost: that it is gone is then a success', async () => {
    const gone = json(404, { error: 'task not found: a', code: 'not_found' });
    const lost = await startFake(reset, gone);
    await quickClient(lost.url).remove('a');
    const never = await startFake(gone);
    expect(await rejection(quickClient(never.url).remove('a'))).toMatchObject({ status: 404 });
  });

  it('at most so often as the option says', async () => {
    const fake = await startFake(json(503, { error: 'no', code: 'unavailable' }));
    const client = quickClient(fake.url, { retry: { attempts: 2, baseDelayMs: 1 } });
    expect(await rejection(client.get('a'))).toMatchObject({ status: 503, code: 'unavailable', message: 'no' });
    expect(fake.seen).toHaveLength(3);
  });
});

describe('what is not tried again', () => {
  it.each([
    [400, 'invalid_input'],
    [401, 'unauthenticated'],
    [403, 'denied'],
    [404, 'not_found'],
    [409, 'conflict'],
    [410, 'gone'],
    [413, 'too_large'],
    [500, 'internal'],
  ])('%i %s', async (status, code) => {
    const fake = await startFake(json(status, { error: 'no', code }));
    expect(await rejection(quickClient(fake.url).submit(graph))).toMatchObject({ status, code, message: 'no' });
    expect(fake.seen).toHaveLength(1);
  });

  it('anything, with retry: false', async () => {
    const fake = await startFake(json(503, { error: 'no', code: 'unavailable' }));
    expect(await rejection(createClient({ url: fake.url, retry: false }).get('a'))).toMatchObject({ status: 503 });
    expect(fake.seen).toHaveLength(1);
  });

  it('anything, once the signal aborts: the pause ends with its reason', async () => {
    const fake = await startFake(json(503, { error: 'no', code: 'unavailable' }));
    const client = createClient({ url: fake.url, retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 } });
    const abort = new AbortController();
    const asking = rejection(client.get('a', { signal: abort.signal }));
    await expect.poll(() => fake.seen.length).toBe(1);
    abort.abort('enough');
    expect(await asking).toBe('enough');
  });
});

describe('an unreachable server', () => {
  it('is an error of its own, with the URL in its message', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const error = await rejection(quickClient(url).health());
    expect(error).toBeInstanceOf(ExecGoUnreachableError);
    expect(error).toMatchObject({ name: 'ExecGoUnreachableError', url, cause: expect.any(TypeError) });
    expect((error as Error).message).toBe(`${url}: connect ECONNREFUSED 127.0.0.1:${port}`);
  });

  it('is also one that does not answer in time, and the request is given up', async () => {
    const fake = await startFake(() => {});
    const client = createClient({ url: fake.url, retry: false, timeoutMs: 40 });
    const error = await rejection(client.get('a'));
    expect(error).toBeInstanceOf(ExecGoUnreachableError);
    expect((error as Error).message).toBe(`${fake.url}: no answer within 40 ms`);
    await expect.poll(() => fake.underWay).toBe(0);
  });

  it('an abort under way rejects with the reason, and the request is given up', async () => {
    const fake = await startFake(() => {});
    const abort = new AbortController();
    const asking = rejection(quickClient(fake.url).submit(graph, { signal: abort.signal }));
    await expect.poll(() => fake.underWay).toBe(1);
    abort.abort(new TypeError('stop'));
    expect(await asking).toEqual(new TypeError('stop'));
    await expect.poll(() => fake.underWay).toBe(0);
  });
});

/** A port on which nobody listens. */
