import type { JsonObject } from '@execgo/core';
import { expect } from 'vitest';
import { runCli } from '../../../apps/execgo/src/cli.js';
import { type Door, type ListQuery, notOffered, type Outcome } from './door.js';
import { httpRefusal } from './http-status.js';

const EXIT = { ok: 0, refused: 1, usage: 2, timedOut: 3 } as const;

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `execgo <command>`, run in this process. */
export function cliDoor(url: string, cwd: string): Door {
  async function run(argv: readonly string[], stdin = ''): Promise<Ran> {
    const streams = { stdout: '', stderr: '' };
    const status = await runCli(argv, {
      env: { EXECGO_URL: url },
      cwd,
      stdout: (text) => {
        streams.stdout += text;
      },
      stderr: (text) => {
        streams.stderr += text;
      },
      stdin: (async function* () {
        yield Buffer.from(stdin);
      })(),
    });
    return { status, ...streams };
  }

  const call = async (argv: readonly string[], read: (data: JsonObject) => Outcome, stdin?: string) =>
    outcomeOf(await run(argv, stdin), read);

  return {
    name: 'cli',
    submit: (graph, key) =>
      call(['submit', ...flag('--idempotency-key', key)], (receipt) => ({ ok: true, receipt }), JSON.stringify(graph)),
    get: (id) => call(['get', '--', id], oneTask),
    wait: (id, timeoutMs) => call(['wait', '--timeout', `${timeoutMs}ms`, '--', id], tasksOf),
    list: (query) =>
      call(['list', ...listFlags(query)], ({ tasks, next }) => {
        return { ok: true, tasks: tasks as JsonObject[], ...(typeof next === 'string' && { next }) };
      }),
    cancel: (id, reason) => call(['cancel', ...flag('--reason', reason), '--', id], oneTask),
    remove: notOffered('the command line has no command that deletes'),
    graph: (graphId, timeoutMs) => call(['wait', '--graph', graphId, '--timeout', `${timeoutMs}ms`], graphOf(graphId)),
    cancelGraph: (graphId, reason) =>
      call(['cancel', '--graph', graphId, ...flag('--reason', reason)], (graph) => ({ ok: true, graph })),
    close: async () => {},
  };
}

const oneTask = (task: JsonObject): Outcome => ({ ok: true, tasks: [task] });
const tasksOf = ({ tasks }: JsonObject): Outcome => ({ ok: true, tasks: tasks as JsonObject[] });

/** `wait --graph` tells the tasks themselves; here they are counted. */
function graphOf(graphId: string) {
  return ({ tasks, all_terminal: done }: JsonObject): Outcome => {
    const counts: Record<string, number> = {};
    const task_ids: string[] = [];
    for (const { id, status } of tasks as { id: string; status: string }[]) {
      counts[status] = (counts[status] ?? 0) + 1;
      task_ids.push(id);
    }
    return { ok: true, graph: { graph_id: graphId, counts, task_ids, done: done === true } };
  };
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}

function listFlags({ status, type, graphId, annotations = {}, limit, cursor }: ListQuery): readonly string[] {
  return [
    ...flag('--status', status),
    ...flag('--type', type),
    ...flag('--graph', graphId),
    ...Object.entries(annotations).flatMap(([key, value]) => ['--annotation', `${key}=${value}`]),
    ...flag('--limit', limit?.toString()),
    ...flag('--cursor', cursor),
  ];
}

/** Holds the exit status against what was printed. What was called wrongly is told on stderr alone: it is invalid input. */
function outcomeOf({ status, stdout, stderr }: Ran, read: (data: JsonObject) => Outcome): Outcome {
  if (status === EXIT.usage) {
    expect(stdout).toBe('');
    return { error: { code: 'invalid_input', message: stderr.replace(/^error: /, '').trimEnd() } };
  }
  const { ok, data, error } = JSON.parse(stdout);
  if (ok) {
    expect(status).toBe(data.all_terminal === false ? EXIT.timedOut : EXIT.ok);
    return read(data);
  }
  expect(status).toBe(EXIT.refused);
  expect(error.message).toBe(`HTTP ${error.status_code}`);
  return httpRefusal(error.status_code, error.body.code, error.body.error);
}
