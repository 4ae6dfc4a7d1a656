import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spec } from '../build-task.js';
import { EventSequence, failure } from '../event-sequence.js';
import { jsonValue } from '../json-arbitrary.js';
import { ODD_IDS } from '../odd-ids.js';
import { type StoreSuiteOptions, useStore } from './fixture.js';

const VALUES = 200;

export function oddIds(options: StoreSuiteOptions): void {
  const under = useStore(options);

  it.each(ODD_IDS)('the id %j is an ordinary id, of a task, a graph, a handle and a dependency', async (id) => {
    const make = new EventSequence({ graphId: id });
    await under.append(make.graph(), make.submitted(id), make.submitted(spec({ id: 'other', depends_on: [id] })));
    await under.append(make.started(id), make.accepted(id, id));
    const check = async () => {
      expect(await under.get(id)).toMatchObject({ spec: { id }, graph_id: id, handle_id: id, status: 'running' });
      expect((await under.get('other'))?.spec.depends_on).toEqual([id]);
      expect((await under.list({ handle_id: id })).map((task) => task.id)).toEqual([id]);
      expect((await under.list({ graph_id: id })).map((task) => task.id)).toEqual(['other', id]);
      expect((await under.events({ task_id: id })).map(({ seq }) => seq)).toEqual([2, 4, 5]);
    };
    await check();
    if (options.skip?.reopen === undefined) await under.reopen();
    await check();
    await under.append(make.failed(id), make.deleted(id));
    expect(await under.get(id)).toBeUndefined();
  });

  it('all of them live side by side, none taken for another', async () => {
    const make = new EventSequence();
    await under.append(make.graph(), ...ODD_IDS.map((id) => make.submitted(spec({ id, input: id }))));
    if (options.skip?.reopen === undefined) await under.reopen();
    const tasks = await under.store.getMany(ODD_IDS);
    expect(tasks.map((task) => task?.spec.input)).toEqual(ODD_IDS);
    expect(await under.unfinished()).toHaveLength(ODD_IDS.length);
  });

  it('ids that differ only in case, in normalisation or in a space are different', async () => {
    const make = new EventSequence();
    const ids = ['a', 'A', ' a', 'a ', 'é', 'e\u0301', 'ß', 'ss', 'ı', 'i', 'I'];
    await under.append(...ids.map((id) => make.submitted(id)), make.failed('a'), make.deleted('a'));
    if (options.skip?.reopen === undefined) await under.reopen();
    expect((await under.unfinished()).map((task) => task.id)).toEqual(ids.slice(1));
  });

  it(`inputs, results and details are kept as they are: ${VALUES} random values`, async () => {
    const make = new EventSequence();
    const values = fc.sample(jsonValue(), VALUES).filter((value) => value !== null);
    for (const [at, value] of values.entries()) {
      const id = `t${at}`;
      await under.append(
        make.submitted(spec({ id, input: value, params: [value] })),
        make.started(id),
        make.failed(id, { ...failure(), details: { value } }, value),
      );
    }
    if (options.skip?.reopen === undefined) await under.reopen();
    for (const [at, value] of values.entries()) {
      const task = await under.get(`t${at}`);
      expect(JSON.stringify(task?.spec.input)).toBe(JSON.stringify(value));
      expect(JSON.stringify(task?.spec.params)).toBe(JSON.stringify([value]));
      expect(JSON.stringify(task?.result)).toBe(JSON.stringify(value));
      expect(JSON.stringify(task?.runtime?.error?.details)).toBe(JSON.stringify({ value }));
    }
  });
}
