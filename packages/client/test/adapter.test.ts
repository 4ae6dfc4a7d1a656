import { describe, expect, it } from 'vitest';
import { json, startFake } from './support/fake-server.js';
import { quickClient } from './support/quick.js';

const action = { action_id: 'look', action: { kind: 'shell', input: { command: 'ls' } } };
const trace = {
  schema_version: 'adapter.v1',
  adapter: 'generic',
  agent_id: '',
  session_id: '',
  action_id: 'look',
  source_kind: 'shell',
  normalized_kind: 'os.shell',
  task_ids: ['look'],
};

describe('the calls for agents', () => {
  it('capabilities', async () => {
    const capabilities = {
      schema_version: 'adapter.v1',
      profiles: ['generic', 'claudecode', 'codex', 'openclaw'],
      action_kinds: ['os.shell'],
      compatibility_notes: [],
    };
    const fake = await startFake(json(200, capabilities));
    expect(await quickClient(fake.url).capabilities()).toEqual(capabilities);
    expect(fake.seen[0]).toMatchObject({ method: 'GET', url: '/adapters/capabilities' });
  });

  it('tools, and the same in the shape that an API takes', async () => {
    const tools = { schema_version: 'adapter.v1', tools: [] };
    const openai = [{ type: 'function', function: { name: 'os__shell' } }];
    const fake = await startFake(json(200, tools), json(200, openai));
    const client = quickClient(fake.url);
    expect(await client.tools()).toEqual(tools);
    expect(await client.tools('openai')).toEqual(openai);
    expect(fake.seen.map(({ url }) => url)).toEqual(['/adapters/tools', '/adapters/tools?format=openai']);
  });

  it('translate: nothing is submitted', async () => {
    const task = { id: 'look', type: 'os', status: '', created_at: '0001-01-01T00:00:00Z' };
    const answer = { accepted: 0, task_ids: ['look'], task_graph: { tasks: [task] }, translation_trace: trace };
    const fake = await startFake(json(200, answer));
    expect(await quickClient(fake.url).translate(action)).toEqual(answer);
    expect(fake.seen[0]).toMatchObject({ method: 'POST', url: '/adapters/translate', body: JSON.stringify(action) });
  });

  it('act: with a key of its own, or the one that is given', async () => {
    const answer = { accepted: 1, task_ids: ['look'], task_graph: { tasks: [] }, translation_trace: trace };
    const fake = await startFake(json(503, { error: 'unknown', code: 'unavailable' }), json(202, answer));
    const client = quickClient(fake.url);
    expect(await client.act(action)).toEqual(answer);
    await client.act(action, { idempotencyKey: 'mine' });
    const keys = fake.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).toBe('mine');
    expect(fake.seen[0]).toMatchObject({ method: 'POST', url: '/adapters/actions', body: JSON.stringify(action) });
  });
});
