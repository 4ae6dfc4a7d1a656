import { type Executor, isJsonObject, type Json, type TaskSpec, toPlainJson } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { spec } from '../build-task.js';
import { type ExecutorFixture, type ExecutorSuiteOptions, specOf, useExecutor } from './fixture.js';

const LIMITS = { maxBytes: 4 * 1024 * 1024, maxDepth: 64 };
const ANNOTATIONS: readonly string[] = ['read_only', 'destructive', 'idempotent', 'open_world'];
const DEPENDENCY = 'an-earlier-task';

/** What an executor says it can do: category, tools, health. */
export function offers<F extends ExecutorFixture>(options: ExecutorSuiteOptions<F>): void {
  const under = useExecutor(options);

  it(`its category is ${options.category}, at any time`, async () => {
    const { executor } = under.fixture;
    expect(executor.category).toBe(options.category);
    await executor.tools();
    expect(executor.category).toBe(options.category);
  });

  it('its tools have unique names, descriptions and an object schema', async () => {
    const tools = await under.fixture.executor.tools();
    expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length);
    for (const { name, description, input_schema, annotations } of tools) {
      expect(name).toMatch(/\S/);
      expect(description).toMatch(/\S/);
      expect(input_schema).toMatchObject({ type: 'object' });
      expect(toPlainJson(input_schema, LIMITS)).toEqual(input_schema);
      for (const [key, value] of Object.entries(annotations ?? {})) {
        expect(ANNOTATIONS).toContain(key);
        expect(typeof value).toBe('boolean');
      }
    }
  });

  it('its tools are the same when asked again', async () => {
    const { executor } = under.fixture;
    expect(await executor.tools()).toEqual(await executor.tools());
  });

  it('it is healthy', async () => {
    await under.fixture.executor.health?.();
  });
}

/** What `check` lets pass and what it refuses. */
export function checks<F extends ExecutorFixture>(options: ExecutorSuiteOptions<F>): void {
  const under = useExecutor(options);
  const runnable = [...options.succeeds, ...options.fails, ...options.endless];

  it.each(runnable)('lets pass: $name', async (one) => {
    const { fixture } = under;
    await check(fixture.executor, specOf(options.category, one, fixture));
  });

  it.each(runnable)('skips what a reference will fill: $name', async (one) => {
    const { fixture } = under;
    const task = specOf(options.category, one, fixture);
    for (const variant of withReferences(task)) await check(fixture.executor, variant);
  });

  if (options.refuses.length === 0) return;
  it.each(options.refuses)('refuses as $code: $name', async (one) => {
    const { fixture } = under;
    const refused = check(fixture.executor, specOf(options.category, one, fixture));
    const expected = one.mentions === undefined ? {} : { message: expect.stringContaining(one.mentions) };
    await expect(refused).rejects.toMatchObject({ code: one.code, ...expected });
  });

  describe('after a refusal', () => {
    it('good tasks still pass', async () => {
      const { fixture } = under;
      for (const one of options.refuses) {
        await check(fixture.executor, specOf(options.category, one, fixture)).catch(() => undefined);
      }
      for (const one of options.succeeds) await check(fixture.executor, specOf(options.category, one, fixture));
    });
  });
}

async function check(executor: Executor, task: TaskSpec): Promise<void> {
  await executor.check?.(task);
}

/** The task with each member of its input in turn, and then the whole input, given by a reference. */
function withReferences(task: TaskSpec): readonly TaskSpec[] {
  const reference = { $from: DEPENDENCY };
  return (['params', 'input'] as const).flatMap((field) => {
    const value: Json | undefined = task[field];
    if (value === undefined) return [];
    const members = isJsonObject(value) ? Object.keys(value) : [];
    const variants = [reference, ...members.map((key) => ({ ...(value as object), [key]: reference }))];
    return variants.map((filled) => spec({ ...task, [field]: filled, depends_on: [DEPENDENCY] }));
  });
}
