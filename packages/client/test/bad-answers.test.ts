import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ExecGoHttpError } from '../src/index.js';
import { json, startFake } from './support/fake-server.js';
import { quickClient, rejection, take } from './support/quick.js';

const says = (status: number, type: string, text: string) => (response: ServerResponse) => {
  response.writeHead(status, { 'Content-Type': type }).end(text);
};

describe('answers that no ExecGo server gives', () => {
  it.each([
    ['the page of a proxy', says(200, 'text/html', '<html>please log in</html>'), 'text/html'],
    ['half a document', says(200, 'application/json', '{"id":"a","sta'), String.raw`{\"id\":\"a\"`],
    ['JSON under another type', says(200, 'text/plain', '{"id":"a","status":"success"}'), 'text/plain'],
    ['nothing', says(200, 'application/json', ''), 'expected a JSON object'],
    ['another kind of JSON', says(200, 'application/json', '[1]'), 'expected a JSON object'],
  ])('%s is an error that says what came', async (_what, handler, shown) => {
    const fake = await startFake(handler);
    for (const ask of ['get', 'wait'] as const) {
      const error = await rejection(quickClient(fake.url)[ask]('a'));
      expect(error).toBeInstanceOf(ExecGoHttpError);
      expect(error).toMatchObject({ status: 200, code: undefined });
      expect((error as Error).message).toContain(shown);
      expect((error as Error).message).toContain(fake.url);
    }
    expect(fake.seen).toHaveLength(2);
  });

  it('an error of something else keeps its status and its text', async () => {
    const fake = await startFake(says(403, 'text/html', '<h1>Forbidden</h1>'));
    const error = await rejection(quickClient(fake.url).get('a'));
    expect(error).toMatchObject({ status: 403, code: undefined, body: '<h1>Forbidden</h1>' });
    expect((error as Error).message).toContain('HTTP 403');
  });

  it('waiting does not go on for ever where what answers is no task and no graph', async () => {
    const fake = await startFake(json(200, { hello: 'world' }));
    const client = quickClient(fake.url);
    for (const asking of [client.wait('a'), client.waitGraph('g')]) {
      expect(await rejection(asking)).toMatchObject({ status: 200, body: { hello: 'world' } });
    }
  });

  it('a redirect is not followed, and nothing is sent to where it leads', async () => {
    const fake = await startFake((response) => response.writeHead(301, { Location: 'https://example.org/' }).end());
    const error = await rejection(quickClient(fake.url, { token: 'secret' }).submit({ tasks: [] }));
    expect(error).toMatchObject({ status: 301 });
    expect((error as Error).message).toContain('https://example.org/');
    expect(fake.seen).toHaveLength(1);
  });

  it('a stream that is none, and an event that is none', async () => {
    const page = await startFake(says(200, 'text/html', '<html>'));
    expect(await rejection(take(quickClient(page.url).watch()))).toBeInstanceOf(ExecGoHttpError);
    const list = await startFake(json(200, []));
    expect(await rejection(take(quickClient(list.url).watch()))).toBeInstanceOf(ExecGoHttpError);
    for (const data of ['{"seq":', '7', 'null']) {
      const broken = await startFake(says(200, 'text/event-stream', `id: 7\ndata: ${data}\n\n`));
      expect(await rejection(take(quickClient(broken.url).watch()))).toMatchObject({ body: data });
      expect(broken.seen).toHaveLength(1);
    }
  });

  it('a long error page is not repeated in the message', async () => {
    const fake = await startFake(says(404, 'text/html', 'x'.repeat(100_000)));
    const error = (await rejection(quickClient(fake.url).get('a'))) as Error;
    expect(error.message.length).toBeLessThan(400);
  });
});
