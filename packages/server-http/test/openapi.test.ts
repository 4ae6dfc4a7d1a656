import { API_ERROR_CODES, isJsonObject } from '@execgo/core';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { createApp, describeApi, STATUS_OF } from '../src/index.js';
import { pathTemplate } from '../src/openapi/document.js';
import { fakeKernel } from './support/fake-kernel.js';
import { type OpenApi, openApiChecker, operationsOf } from './support/openapi-checker.js';
import { send, testApp } from './support/test-server.js';

const document = (await describeApi({ version: '1.2.3' })) as unknown as OpenApi;
const operations = operationsOf(document);

describe('GET /openapi.json', () => {
  it('is the document of describeApi, made once; asks a token like every route', async () => {
    const { app } = testApp(fakeKernel());
    const { status, headers, json } = await send(app, 'GET', '/openapi.json');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(json).toEqual(document);
    const access = { exposure: 'network', tokens: [{ name: 'a', token: 'give', scopes: ['submit'] }] } as const;
    const guarded = createApp({ kernel: fakeKernel(), version: '1', access });
    expect((await send(guarded, 'GET', '/openapi.json')).status).toBe(401);
    const headersOf = { authorization: 'Bearer give' };
    expect((await send(guarded, 'GET', '/openapi.json', { headers: headersOf })).status).toBe(403);
  });

  it('has every route of the app with exactly its methods, and nothing else', async () => {
    const { app } = testApp(fakeKernel());
    const paths = app.routes.map(({ path }) => path).filter((path) => path !== '/*');
    expect(Object.keys(document.paths).sort()).toEqual(paths.map(pathTemplate).sort());
    for (const path of paths) {
      const { status, headers } = await send(app, 'PATCH', path.replace(/:\w+(\{.*?\})?/g, 'some-id'));
      const allowed = (headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD');
      const described = Object.keys(document.paths[pathTemplate(path)] ?? {}).map((method) => method.toUpperCase());
      expect([path, status, described.sort()]).toEqual([path, 405, allowed]);
    }
  });

  it('passes the linter', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual(
      [],
    );
  });

  it('has every error code with its status', () => {
    expect(Object.keys(document.components.responses).sort()).toEqual([...API_ERROR_CODES].sort());
    const used = new Set<string>();
    for (const { responses } of operations) {
      for (const [status, response] of Object.entries(responses)) {
        const code = response.$ref?.replace('#/components/responses/', '') as keyof typeof STATUS_OF | undefined;
        if (code === undefined) continue;
        used.add(code);
        expect([code, status]).toEqual([code, String(STATUS_OF[code])]);
      }
    }
    expect([...used].sort()).toEqual([...API_ERROR_CODES].sort());
  });

  it('has examples everywhere, each of its schema', () => {
    const checker = openApiChecker(document);
    let examples = 0;
    for (const { place, content } of checker.contents()) {
      expect([place, 'example' in content]).toEqual([place, true]);
      expect([place, checker.problems(content.schema, content.example)]).toEqual([place, []]);
      examples += 1;
    }
    expect(examples).toBeGreaterThan(40);
    const receipt = { accepted: 1, task_ids: ['a'], graph_id: 'g' };
    expect(checker.answerProblems('submitTasks', 202, 'application/json', receipt)).toEqual([]);
    for (const broken of [{ ...receipt, accepted: 'x' }, { ...receipt, colour: 1 }, { accepted: 1 }]) {
      expect(checker.answerProblems('submitTasks', 202, 'application/json', broken)).not.toEqual([]);
    }
  });

  it('a request body is what the server checks: a value of another type is refused, naming the field', async () => {
    const { app } = testApp(fakeKernel());
    const bodies = operations.filter(({ requestBody }) => requestBody !== undefined);
    expect(bodies.length).toBeGreaterThan(3);
    for (const { operationId, method, path, requestBody } of bodies) {
      if (operationId === 'submitTasks') continue; // Checked by the kernel: parse-graph.
      const example = requestBody?.content['application/json']?.example as Record<string, unknown>;
      for (const [field, value] of Object.entries(example)) {
        if (isJsonObject(value)) continue;
        const body = { ...example, [field]: [] };
        const { status, json } = await send(app, method, path.replace(/\{\w+\}/g, 'x'), { body });
        expect([operationId, status, json.details]).toEqual([operationId, 400, { field }]);
      }
    }
  });

  it('a query parameter is one that the server reads: a value that its schema forbids is refused by name', async () => {
    const task = { id: 'x', spec: { type: 'mcp' } } as never;
    const { app } = testApp(fakeKernel({ get: async () => task, stats: () => ({ lastSeq: 0 }) as never }));
    let tried = 0;
    for (const { operationId, method, path, parameters = [] } of operations) {
      for (const { in: place, name, schema } of parameters) {
        if (place !== 'query' || schema.type === 'object') continue;
        const bad = schema.type === 'integer' || schema.enum !== undefined ? 'no-such-value' : '';
        const headers = { accept: name === 'live' ? 'text/event-stream' : 'application/json' };
        const url = `${path.replace(/\{\w+\}/g, 'x')}?${name}=${bad}`;
        const { status, json } = await send(app, method, url, { headers });
        expect([operationId, name, status, json.details]).toEqual([operationId, name, 400, { field: name }]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(12);
  });

  it('says which scope a token needs; without a token configured none is asked for', async () => {
    const guarded = (await describeApi({ version: '1', access: { token: 'x' } })) as unknown as OpenApi;
    expect(guarded.paths['/tasks']?.post?.security).toEqual([{ bearer: ['submit'] }, { basic: ['submit'] }]);
    expect(document.paths['/tasks/{id}']?.delete?.security).toEqual([{ bearer: ['admin'] }, { basic: ['admin'] }, {}]);
    expect(guarded.paths['/health']?.get?.security).toEqual([]);
  });

  it('refers to the schemas that it names, and defines none twice', () => {
    const text = JSON.stringify(document);
    expect(text).not.toContain('$defs');
    expect(document.paths['/tasks']?.post?.requestBody?.content['application/json']?.schema).toEqual({
      $ref: '#/components/schemas/TaskGraph',
    });
    for (const name of Object.keys(document.components.schemas)) {
      expect([name, text.includes(`"#/components/schemas/${name}"`)]).toEqual([name, true]);
    }
  });
});
