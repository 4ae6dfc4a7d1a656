import { CLIENT_FIELDS, MemoryStore } from '@execgo/core';
import type { CallToolResult, Progress } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { EXAMPLE_GRAPH } from '../src/tools/submit-task-graph.js';
import { connect } from './support/connect.js';
import { EVERY_WAY } from './support/eras.js';
import { useKernel } from './support/use-kernel.js';

const version = '1.2.3';

function textOf(result: CallToolResult): string {
  return result.content.map((block) => (block.type === 'text' ? block.text : block.type)).join('\n');
}

describe.each(EVERY_WAY)('over $door, $era', (way) => {
  it('lists the tools of the kernel with schemas of what they take and give, and those of executors by their names for agents', async () => {
    const { kernel } = await useKernel();
    const client = await connect({ kernel, version }, way);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'submit_task_graph',
      'wait_task',
      'get_task',
      'list_tasks',
      'cancel_task',
      ...['echo', 'fail', 'keyed', 'list', 'wait'].map((name) => name),
      ...['echo', 'fail', 'keyed', 'list', 'wait'].map((name) =>
        expect.stringMatching(new RegExp(`^${name}_[0-9a-f]{8}$`)),
      ),
      ...['echo', 'fail', 'keyed', 'list', 'wait'].map((name) => `os__${name}`),
    ]);
    for (const { inputSchema, outputSchema, annotations } of tools.slice(0, 5)) {
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: 'object' });
      expect(annotations).toMatchObject({ readOnlyHint: expect.any(Boolean), openWorldHint: expect.any(Boolean) });
    }
    expect(tools.find(({ name }) => name === 'os__echo')).toEqual({
      name: 'os__echo',
      title: 'echo',
      description: 'Gives its input back.',
      inputSchema: {
        type: 'object',
        properties: { text: { type: 'string' }, idempotency_key: expect.objectContaining({ type: 'string' }) },
        required: ['text'],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    });
    expect(client.getServerVersion()).toMatchObject({ name: 'execgo', version });
    expect(client.getInstructions()).toContain('submit_task_graph');
  });

  it('takes a graph of three tasks, waits for it, and shows what each came to', async () => {
    const { kernel } = await useKernel();
    const client = await connect({ kernel, version }, way);
    await client.listTools();
    const submitted = await client.callTool({
      name: 'submit_task_graph',
      arguments: {
        tasks: [
          { id: 'a', type: 'os', tool_name: 'echo', input: { text: 'one' } },
          {
            id: 'b',
            type: 'os',
            tool_name: 'echo',
            input: { text: { $from: 'a', pointer: '/text' } },
            depends_on: ['a'],
          },
          { id: 'c', type: 'os', tool_name: 'fail', depends_on: ['b'] },
          { id: 'd', type: 'os', tool_name: 'list', depends_on: ['c'] },
        ],
      },
    });
    expect(submitted.structuredContent).toEqual({
      accepted: 4,
      task_ids: ['a', 'b', 'c', 'd'],
      graph_id: expect.any(String),
      warnings: [],
    });
    expect(JSON.parse(textOf(submitted))).toEqual(submitted.structuredContent);
    const { graph_id } = submitted.structuredContent as { graph_id: string };

    const waited = await client.callTool({ name: 'wait_task', arguments: { graph_id } });
    expect(waited.structuredContent).toMatchObject({
      done: true,
      graph: { graph_id, counts: { success: 2, failed: 1, skipped: 1 }, done: true },
      tasks: [
        { id: 'a', status: 'success' },
        { id: 'b', status: 'success', depends_on: ['a'] },
        { id: 'c', status: 'failed', error: 'command failed: exit status 3' },
        { id: 'd', status: 'skipped', error: 'dependency c failed' },
      ],
    });

    const b = await client.callTool({ name: 'get_task', arguments: { id: 'b' } });
    expect(b.structuredContent).toMatchObject({ id: 'b', status: 'success', result: { text: 'one' }, graph_id });
    expect(b.structuredContent).not.toHaveProperty('runtime.output');
    const c = await client.callTool({ name: 'get_task', arguments: { id: 'c' } });
    expect(c.structuredContent).toMatchObject({
      runtime: { error: { code: 'exit_nonzero' } },
      result: { exit_code: 3 },
    });
    const one = await client.callTool({ name: 'wait_task', arguments: { id: 'a', timeout_ms: 0 } });
    expect(one.structuredContent).toMatchObject({ done: true, task: { id: 'a', status: 'success' } });
  });

  it('runs a tool directly: the answer is what its task came to', async () => {
    const { kernel, mcp } = await useKernel();
    mcp.extraTools = [{ name: 'shop.search', description: 'Searches.', input_schema: { type: 'object' } }];
    const client = await connect({ kernel, version }, way);
    const echoed = await client.callTool({ name: 'os__echo', arguments: { text: 'hi' } });
    expect(echoed).toMatchObject({
      structuredContent: { text: 'hi' },
      content: [{ type: 'text', text: '{"text":"hi"}' }],
    });
    expect(echoed.isError).toBeFalsy();
    const id = echoed._meta?.['execgo/task_id'] as string;
    expect(id).toMatch(/^os__echo-[0-9a-f]{16}$/);
    expect(await kernel.get(id)).toMatchObject({ status: 'success' });

    expect(textOf(await client.callTool({ name: 'os__list' }))).toBe('[1,2,3]');

    const failed = await client.callTool({ name: 'os__fail' });
    expect(failed.isError).toBe(true);
    expect(textOf(failed)).toBe('exit_nonzero: command failed: exit status 3\n{"stderr":"no such file","exit_code":3}');
    expect(failed.structuredContent).toEqual({
      error: { code: 'exit_nonzero', message: 'command failed: exit status 3' },
      result: { stderr: 'no such file', exit_code: 3 },
    });
  });

  it('passes on what a tool of another MCP server gave, as that server gave it', async () => {
    const { kernel, mcp } = await useKernel();
    mcp.extraTools = [{ name: 'shop.search', description: 'Searches.', input_schema: { type: 'object' } }];
    const client = await connect({ kernel, version }, way);
    const given = {
      content: [
        { type: 'text', text: 'a picture' },
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      ],
      structured_content: { found: 1 },
      text: 'a picture',
      server: 'shop',
      tool: 'search',
    };
    const result = await client.callTool({ name: 'shop__search', arguments: given });
    expect(result.content).toEqual(given.content);
    expect(result.structuredContent).toEqual({ found: 1 });
    const odd = await client.callTool({ name: 'shop__search', arguments: { content: [{ type: 'hologram' }] } });
    expect(textOf(odd)).toBe('{"content":[{"type":"hologram"}]}');
  });

  it('says what is wrong with a call in an error that the model sees, the code first', async () => {
    const { kernel, os } = await useKernel();
    const client = await connect({ kernel, version }, way);
    const refusals: readonly [string, Record<string, unknown>, string][] = [
      ['get_task', { id: 'nobody' }, 'not_found: task not found: nobody'],
      ['get_task', {}, 'invalid_input: id: is required'],
      ['get_task', { id: 5 }, 'invalid_input: id: expected the id of a task'],
      ['get_task', { id: 'a', verbose: true }, 'invalid_input: verbose: is no argument of this tool (it has: id)'],
      ['wait_task', {}, 'invalid_input: id: give id (of a task) or graph_id (of a submission), one of them'],
      ['wait_task', { id: 'a', graph_id: 'b' }, 'invalid_input: id: give id (of a task) or graph_id'],
      [
        'wait_task',
        { id: 'a', timeout_ms: 300_001 },
        'invalid_input: timeout_ms: expected a whole number from 0 to 300000',
      ],
      ['wait_task', { graph_id: 'nobody' }, 'not_found: '],
      ['cancel_task', { id: 'nobody' }, 'not_found: '],
      ['cancel_task', { graph_id: 'nobody' }, 'not_found: '],
      ['list_tasks', { status: 'done' }, 'invalid_input: status: expected one of pending, running'],
      ['list_tasks', { limit: 101 }, 'invalid_input: limit: expected a whole number from 1 to 100'],
      ['list_tasks', { cursor: 'x' }, 'invalid_input: cursor: expected next_cursor of an earlier answer'],
      ['submit_task_graph', {}, 'invalid_input: tasks: is required'],
      ['submit_task_graph', { tasks: 'a' }, 'invalid_input: invalid JSON: tasks: expected an array, got "a"'],
      ['submit_task_graph', { tasks: [] }, 'invalid_input: task graph is empty'],
      [
        'submit_task_graph',
        { tasks: [{ id: 'a', type: 'os', retry: 'x' }] },
        'invalid_input: invalid JSON: tasks[0].retry',
      ],
      ['submit_task_graph', { tasks: [{ id: 'a', type: 'os', dependson: [] }] }, 'did you mean "depends_on"?'],
      [
        'submit_task_graph',
        { tasks: [{ id: 'a', type: 'os', tool_name: 'list' }], idempotency_key: 'ä' },
        'invalid_input: ',
      ],
      ['os__echo', { text: 5 }, 'input.text: expected a string'],
      ['os__echo', { text: 'a', idempotency_key: 5 }, 'invalid_input: idempotency_key: expected a string'],
    ];
    for (const [name, args, message] of refusals) {
      const result = await client.callTool({ name, arguments: args });
      expect({ name, isError: result.isError, text: textOf(result) }).toEqual({
        name,
        isError: true,
        text: expect.stringContaining(message),
      });
      expect(result.structuredContent).toMatchObject({ error: { code: expect.any(String) } });
    }
    expect(os.begun).toEqual([]);
    expect((await kernel.list({})).tasks).toEqual([]);
    await expect(client.callTool({ name: 'os__teleport' })).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining('unknown tool: "os__teleport"'),
    });
  });

  it('lists tasks by pages, newest first, by status and graph', async () => {
    const { kernel } = await useKernel();
    const client = await connect({ kernel, version }, way);
    await client.listTools();
    const ids = ['a', 'b', 'c'];
    for (const id of ids) await kernel.submit({ tasks: [{ id, type: 'os', tool_name: 'list' }] });
    for (const id of ids) await kernel.wait(id);
    const first = await client.callTool({ name: 'list_tasks', arguments: { limit: 2 } });
    expect(first.structuredContent).toEqual({
      tasks: ['c', 'b'].map((id) => expect.objectContaining({ id, status: 'success' })),
      next_cursor: expect.any(String),
    });
    expect(JSON.stringify(first.structuredContent)).not.toContain('result');
    const { next_cursor: cursor } = first.structuredContent as { next_cursor: string };
    const second = await client.callTool({ name: 'list_tasks', arguments: { limit: 2, cursor } });
    expect(second.structuredContent).toEqual({ tasks: [expect.objectContaining({ id: 'a' })] });
    const none = await client.callTool({ name: 'list_tasks', arguments: { status: 'failed', type: 'os' } });
    expect(none.structuredContent).toEqual({ tasks: [] });
  });

  it('wait_task is over after its time, and neither its end nor its cancellation ends the task', async () => {
    const { kernel, os } = await useKernel();
    const client = await connect({ kernel, version }, way);
    await kernel.submit({ tasks: [{ id: 'slow', type: 'os', tool_name: 'wait' }] });
    await os.beginning();
    const over = await client.callTool({ name: 'wait_task', arguments: { id: 'slow', timeout_ms: 5 } });
    expect(over.structuredContent).toMatchObject({
      done: false,
      task: { id: 'slow', status: expect.stringMatching(/^(pending|running)$/) },
    });

    const abort = new AbortController();
    const wait = client.callTool({ name: 'wait_task', arguments: { id: 'slow' } }, { signal: abort.signal });
    abort.abort('enough');
    await expect(wait).rejects.toThrow('enough');
    const still = await client.callTool({ name: 'get_task', arguments: { id: 'slow' } });
    expect(still.structuredContent).toMatchObject({ status: expect.stringMatching(/^(pending|running)$/) });
    os.release('slow');
    expect(await kernel.wait('slow')).toMatchObject({ status: 'success' });
  });

  it('cancelling the call of a tool cancels its task', async () => {
    const { kernel, os } = await useKernel();
    const client = await connect({ kernel, version }, way);
    const abort = new AbortController();
    const call = client.callTool({ name: 'os__wait' }, { signal: abort.signal });
    const id = await os.beginning();
    abort.abort('enough');
    await expect(call).rejects.toThrow('enough');
    expect(await kernel.wait(id)).toMatchObject({ status: 'failed', run_status: 'cancelled' });
    expect((await kernel.get(id)).error).toContain('the MCP client cancelled the call');
  });

  it('cancel_task ends a task, or all of a graph', async () => {
    const { kernel, os } = await useKernel();
    const client = await connect({ kernel, version }, way);
    await client.listTools();
    const tasks = ['a', 'b'].map((id) => ({ id, type: 'os', tool_name: 'wait' }));
    const { graph_id } = await kernel.submit({ tasks });
    await os.beginning(2);
    const one = await client.callTool({ name: 'cancel_task', arguments: { id: 'a', reason: 'not needed' } });
    expect(one.structuredContent).toMatchObject({ task: { id: 'a', run_status: 'cancelled' } });
    expect(textOf(one)).toContain('not needed');
    const all = await client.callTool({ name: 'cancel_task', arguments: { graph_id } });
    expect(all.structuredContent).toMatchObject({ graph: { done: true, counts: { failed: 2 } } });
  });

  it('reports progress: what a task tells, and the counts of a graph', async () => {
    const { kernel, os } = await useKernel();
    const limits = { progressIntervalMs: 1, progressSilenceMs: 20 };
    const client = await connect({ kernel, version, limits }, way);
    const told: Progress[] = [];
    const wake = { now: () => {} };
    const onprogress = (progress: Progress) => {
      told.push(progress);
      wake.now();
    };
    const until = async (message: string) => {
      while (!told.some((one) => one.message?.startsWith(message))) {
        await new Promise<void>((resolve) => {
          wake.now = resolve;
        });
      }
    };
    const call = client.callTool({ name: 'os__wait' }, { onprogress });
    await until('half way (');
    os.release(await os.beginning());
    await call;
    expect(told.map(({ message }) => message)).toContain('half way');

    told.length = 0;
    const tasks = ['a', 'b'].map((id) => ({ id, type: 'os', tool_name: 'wait' }));
    const { graph_id } = await kernel.submit({ tasks });
    await os.beginning(3);
    const wait = client.callTool({ name: 'wait_task', arguments: { graph_id } }, { onprogress });
    await until('0 of 2 tasks ended');
    os.release('a');
    await until('1 of 2 tasks ended, 1 running');
    os.release('b');
    await wait;
    const numbers = told.map(({ progress }) => progress);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(told.find(({ message }) => message?.startsWith('1 of 2'))).toMatchObject({ total: 2 });
  });

  it('a repeat with the same idempotency key runs nothing again, also in the next life of the store', async () => {
    const store = new MemoryStore();
    const first = await useKernel(store);
    const client = await connect({ kernel: first.kernel, version }, way);
    const graph = { tasks: [{ id: 'a', type: 'os', tool_name: 'list' }], idempotency_key: 'k1' };
    const direct = { text: 'hi', idempotency_key: 'k2' };
    const submitted = await client.callTool({ name: 'submit_task_graph', arguments: graph });
    const ran = await client.callTool({ name: 'os__echo', arguments: direct });
    expect(ran.structuredContent).toEqual({ text: 'hi' });
    await first.kernel.wait('a');
    await first.kernel.stop();

    const second = await useKernel(store);
    const later = await connect({ kernel: second.kernel, version }, way);
    const repeated = await later.callTool({ name: 'submit_task_graph', arguments: graph });
    expect(repeated.structuredContent).toEqual(submitted.structuredContent);
    expect(await later.callTool({ name: 'os__echo', arguments: direct })).toEqual(ran);
    expect(second.os.begun).toEqual([]);
    const other = await later.callTool({ name: 'os__echo', arguments: { ...direct, text: 'ho' } });
    expect(textOf(other)).toContain('conflict: ');

    const own = await later.callTool({ name: 'os__keyed', arguments: { idempotency_key: 7 } });
    expect(own.structuredContent).toEqual({ idempotency_key: 7 });
  });

  it('offers what the filter lets through, and nothing else', async () => {
    const { kernel } = await useKernel();
    const client = await connect({ kernel, version, tools: ['*_task', 'os__*', '!os__wait', '!cancel_task'] }, way);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'wait_task',
      'get_task',
      ...['echo', 'fail', 'keyed', 'list'].map((name) => `os__${name}`),
    ]);
    for (const name of ['submit_task_graph', 'os__wait']) {
      await expect(client.callTool({ name, arguments: {} })).rejects.toThrow(`unknown tool: "${name}"`);
    }
  });

  it('a skill named as a tool of the kernel is called by its category too', async () => {
    const { kernel, skills } = await useKernel();
    skills.extraTools = [{ name: 'get_task', description: 'A skill.', input_schema: { type: 'object' } }];
    const client = await connect({ kernel, version }, way);
    const { tools } = await client.listTools();
    expect(tools.filter(({ name }) => name.endsWith('get_task')).map(({ name }) => name)).toEqual([
      'get_task',
      'cli-skills__get_task',
    ]);
    const result = await client.callTool({ name: 'cli-skills__get_task', arguments: { a: 1 } });
    expect(result.structuredContent).toEqual({ a: 1 });
  });
});

it('the schema of submit_task_graph has every field that a task may have', async () => {
  const { kernel } = await useKernel();
  const client = await connect({ kernel, version }, { door: 'stdio', era: '2026-07-28' });
  const { tools } = await client.listTools();
  const schema = tools[0]?.inputSchema as unknown as {
    properties: { tasks: { items: { properties: Record<string, unknown>; required: string[] } } };
  };
  const { properties, required } = schema.properties.tasks.items;
  expect(Object.keys(properties)).toEqual([...CLIENT_FIELDS]);
  expect(required).toEqual(['id', 'type']);
  expect(properties).toMatchObject({
    id: { type: 'string' },
    depends_on: { type: 'array', items: { type: 'string' } },
    retry: { type: 'integer', maximum: 1000 },
    priority: { minimum: -100, maximum: 100 },
    on_interrupt: { enum: ['retry', 'fail'] },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
  });
});

it('the example in the description of submit_task_graph is a graph that the kernel takes', async () => {
  const { kernel } = await useKernel();
  const client = await connect({ kernel, version }, { door: 'stdio', era: '2026-07-28' });
  const description = (await client.listTools()).tools[0]?.description ?? '';
  const example = JSON.parse(description.slice(description.indexOf('{"tasks"')));
  expect(example).toEqual(EXAMPLE_GRAPH);
  const submitted = await client.callTool({ name: 'submit_task_graph', arguments: example });
  expect(submitted.structuredContent).toMatchObject({ accepted: 3, warnings: [] });
});
