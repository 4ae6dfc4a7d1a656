import { type StoreContents, type StoreMaintenance, Task, TaskRuntime, TaskSpec } from '@execgo/core';

const BATCH = 1000;
const GRAPH = 100;
/** Submitted, started, succeeded. */
const EVENTS_PER_TASK = 3;
const START_MS = Date.UTC(2026, 0, 1);

/**
 * A store of finished tasks of a usual size, made as it is read, so that it takes no memory however many there are. Its
 * history is given up: it has no events and no receipts.
 */
export function manyFinished(count: number): Pick<StoreMaintenance, 'read'> {
  const lastSeq = count * EVENTS_PER_TASK;
  const contents: StoreContents = {
    storeId: '00000000000000ff',
    firstSeq: lastSeq + 1,
    lastSeq,
    async *tasks(after = 0) {
      for (let at = Math.floor(after / EVENTS_PER_TASK); at < count; at += BATCH) {
        const batch = Array.from({ length: Math.min(BATCH, count - at) }, (_, index) => finished(at + index));
        yield batch.filter((task) => task.submitted_seq > after);
      }
    },
    async *events() {},
    async *receipts() {},
    close: async () => {},
  };
  return { read: async () => contents };
}

function finished(number: number): Task {
  const graph = `graph-${Math.floor(number / GRAPH)}`;
  const id = `${graph}/task-${number % GRAPH}`;
  const input = { command: 'echo', args: ['hello', id] };
  const spec = new TaskSpec(id, 'os', 'shell', undefined, input, 'os', [], 0, 30_000, undefined, 0, 'retry');
  const [submitted, submittedSeq] = [START_MS + number, number * EVENTS_PER_TASK + 1];
  const output = { stdout: `hello ${id}\n`, stderr: '', exit_code: 0, runner: 'direct' };
  const [none, startedAt, finishedAt] = [undefined, submitted + 5, submitted + 17];
  const run = new TaskRuntime('success', 1, startedAt, finishedAt, none, output, none, none, none, none, 0);
  const lastSeq = submittedSeq + EVENTS_PER_TASK - 1;
  return new Task(spec, graph, 'success', submitted, finishedAt, submittedSeq, lastSeq, undefined, run);
}
