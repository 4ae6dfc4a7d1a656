import type { TaskEvent } from '@execgo/core';
import { EventSequence, spec } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { GraphProgress } from '../src/live-tree/graph-progress.js';
import { LineReport } from '../src/live-tree/line-report.js';
import { LiveDrawing } from '../src/live-tree/live-drawing.js';
import { treeLines } from '../src/live-tree/tree-lines.js';
import { treeOrder } from '../src/live-tree/tree-order.js';
import { plain } from '../src/terminal/style.js';

const SIZE = { columns: 60, rows: 24 };

function progressAfter(events: readonly TaskEvent[]): GraphProgress {
  const progress = new GraphProgress();
  for (const event of events) progress.apply(event);
  return progress;
}

function linesOf(progress: GraphProgress, size = SIZE): readonly string[] {
  return treeLines(progress, treeOrder([...progress.all]), { size, style: plain, now: progress.since + 1000 });
}

describe('the order of the tree', () => {
  it('has each task below the one of its dependencies that is furthest down', () => {
    const nodes = [
      { id: 'join', dependsOn: ['a', 'b2'] },
      { id: 'a', dependsOn: [] },
      { id: 'b', dependsOn: ['a'] },
      { id: 'b2', dependsOn: ['b'] },
      { id: 'c', dependsOn: ['a'] },
      { id: 'known', dependsOn: ['of another graph'] },
    ];
    expect(treeOrder(nodes).map(({ id, guide }) => guide + id)).toEqual([
      'a',
      '├ b',
      '│ └ b2',
      '│   └ join',
      '└ c',
      'known',
    ]);
  });

  it('takes a chain of 20,000 tasks, whichever end comes first', () => {
    const length = 20_000;
    const chain = Array.from({ length }, (_, at) => ({ id: `${at}`, dependsOn: at === 0 ? [] : [`${at - 1}`] }));
    for (const order of [treeOrder(chain), treeOrder(chain.toReversed())]) {
      expect(order.map(({ id }) => id)).toEqual(chain.map(({ id }) => id));
      expect(Math.max(...order.map(({ guide }) => guide.length))).toBeLessThan(30);
    }
  });
});

describe('the lines of the tree', () => {
  it('tell status, tool, attempt and what a person wants to know of each task, and sum up', () => {
    const make = new EventSequence();
    const progress = progressAfter([
      make.submitted(spec({ id: 'fetch', type: 'os', tool_name: 'http', retry: 3 })),
      make.submitted(spec({ id: 'show', type: 'os', tool_name: 'shell', depends_on: ['fetch'] })),
      make.submitted(spec({ id: 'other', type: 'mcp', tool_name: 'demo.echo' })),
      make.started('fetch'),
      make.failed('fetch', { code: 'external_failure', message: 'connection refused' }),
      make.skipped('show', 'fetch', 'failed'),
      make.started('other'),
    ]);
    expect(linesOf(progress)).toEqual([
      expect.stringMatching(/^✖ fetch {2}os\.http {2}.*connection refused$/),
      '└ ⊘ show  os.shell  dependency fetch failed',
      expect.stringMatching(/^▶ other {2}mcp\.demo\.echo/),
      expect.stringMatching(/^1 failed, 1 skipped, 1 running in /),
    ]);
  });

  it('fit the terminal: what runs and what failed is shown of many, and the rest is counted', () => {
    const make = new EventSequence();
    const ids = Array.from({ length: 200 }, (_, at) => `task-${at}`);
    const progress = progressAfter([
      ...ids.map((id) => make.submitted(spec({ id }))),
      ...ids.slice(0, 150).flatMap((id) => [make.started(id), make.succeeded(id, {})]),
      make.started('task-190'),
      make.started('task-180'),
      make.failed('task-180', { code: 'timeout', message: 'too slow' }),
    ]);
    const lines = linesOf(progress, { columns: 40, rows: 10 });
    expect(lines).toHaveLength(9);
    expect(lines.filter((line) => line.includes('task-190') || line.includes('task-180'))).toHaveLength(2);
    expect(lines).toContain('… and 193 more');
    expect(lines.at(-1)).toMatch(/^150 success, 1 failed, 1 running, 48 pending/);
    for (const line of lines.slice(0, -1)) expect(line.length).toBeLessThan(40);
  });

  it('show a character that comes in two chunks of its stream, whatever comes on the other between them', () => {
    const make = new EventSequence();
    const progress = progressAfter([make.submitted(spec({ id: 'a' })), make.started('a')]);
    const report = { type: 'task_output', task_id: 'a', graph_id: 'g', timestamp: 0, attempt: 1 } as const;
    const [first, ...rest] = Buffer.from('漢');
    progress.apply({ ...report, stream: 'stdout', chunk: Buffer.from([first ?? 0]) });
    progress.apply({ ...report, stream: 'stderr', chunk: Buffer.from('warned ') });
    progress.apply({ ...report, stream: 'stdout', chunk: Buffer.from(rest) });
    expect(progress.get('a')?.note).toBe('warned 漢');
  });

  it('never pass on what a task could do to a terminal', () => {
    const make = new EventSequence();
    const progress = progressAfter([make.submitted(spec({ id: 'a' })), make.started('a')]);
    progress.apply({
      type: 'task_output',
      task_id: 'a',
      graph_id: 'g',
      timestamp: 0,
      attempt: 1,
      stream: 'stdout',
      chunk: Buffer.from('first\nlast \u001b[2J\u001b]0;title\u0007\u009bline\u202e\n'),
    });
    const [line] = linesOf(progress);
    expect(line).toContain('last');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});

it('a drawing is taken back by as many rows as it takes now, also when the terminal was made narrower', () => {
  let written = '';
  const size = { columns: 20, rows: 10 };
  const drawing = new LiveDrawing(
    (text) => {
      written = text;
    },
    () => size,
  );
  drawing.draw(['x'.repeat(18), '漢'.repeat(9)]);
  expect(written).not.toContain('A\r');
  drawing.draw(['short']);
  expect(written).toContain('\u001b[2A\r');
  drawing.draw(['x'.repeat(18)]);
  size.columns = 10;
  drawing.clear();
  expect(written).toBe('\u001b[2A\r\u001b[0J');
});

it('in a pipe there is a line for each thing that happens, and no control sequence', () => {
  const make = new EventSequence();
  let written = '';
  const report = new LineReport((text) => {
    written += text;
  });
  report.note('warning: \u001b[31mred');
  for (const event of [
    make.submitted(spec({ id: 'a' })),
    make.started('a'),
    make.failed('a', { code: 'exit_nonzero', message: 'exit status 3' }),
  ]) {
    report.tell(event);
  }
  report.end();
  const lines = written.split('\n');
  expect(lines[0]).toBe('warning: red');
  expect(lines[1]).toMatch(/^a: running/);
  expect(lines[2]).toMatch(/^a: failed .*exit status 3$/);
  expect(lines[3]).toMatch(/^1 failed in /);
});
