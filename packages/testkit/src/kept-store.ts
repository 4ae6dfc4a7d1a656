import {
  type CopyProgress,
  ExecGoError,
  type KeptReceipt,
  type OpenedStore,
  type StoreContents,
  type StoreMaintenance,
  type StoreReport,
  type Task,
  type TaskEvent,
  TaskTable,
} from '@execgo/core';

/** Everything a store holds, read to its end. */
export interface DrainedStore extends OpenedStore {
  readonly tasks: readonly Task[];
  readonly events: readonly TaskEvent[];
  readonly receipts: readonly KeptReceipt[];
}

/** Reads contents to their end, and closes them. */
export async function drainContents(contents: StoreContents): Promise<DrainedStore> {
  try {
    const { storeId, firstSeq, lastSeq } = contents;
    return {
      storeId,
      firstSeq,
      lastSeq,
      tasks: await drain(contents.tasks()),
      events: await drain(contents.events()),
      receipts: await drain(contents.receipts()),
    };
  } finally {
    await contents.close();
  }
}

/** What a store holds after these events, with history from a seq on. */
export function keptAfter(events: readonly TaskEvent[], storeId = '00000000000000aa', firstSeq = 1): DrainedStore {
  const table = new TaskTable();
  table.apply(events);
  return {
    storeId,
    firstSeq,
    lastSeq: events.at(-1)?.seq ?? 0,
    tasks: [...table.all()],
    events: events.filter(({ seq }) => seq >= firstSeq),
    receipts: [...table.allReceipts()].map(([key, receipt]) => ({ key, receipt })),
  };
}

/** A store in memory as seen by whoever keeps it: the other side of a copy in a test. */
export class KeptStore implements StoreMaintenance {
  /** How many of what was read are not closed yet. */
  open = 0;

  constructor(
    public held?: DrainedStore,
    private readonly batch = 7,
  ) {}

  async read(): Promise<StoreContents> {
    const { held, batch } = this;
    if (held === undefined) throw new ExecGoError('not_found', 'there is no store in memory');
    this.open += 1;
    let isOpen = true;
    return {
      storeId: held.storeId,
      firstSeq: held.firstSeq,
      lastSeq: held.lastSeq,
      tasks: (after = 0) =>
        inBatches(
          held.tasks.filter(({ submitted_seq }) => submitted_seq > after),
          batch,
        ),
      events: (after = 0) =>
        inBatches(
          held.events.filter(({ seq }) => seq > after),
          batch,
        ),
      receipts: () => inBatches(held.receipts, batch),
      close: async () => {
        if (isOpen) this.open -= 1;
        isOpen = false;
      },
    };
  }

  async fill(contents: StoreContents, onProgress: (progress: CopyProgress) => void = () => {}): Promise<void> {
    if (this.held !== undefined) throw new ExecGoError('conflict', 'the store in memory is not empty');
    const { storeId, firstSeq, lastSeq } = contents;
    const tasks = await drain(contents.tasks());
    onProgress({ part: 'tasks', done: tasks.length });
    const events = await drain(contents.events());
    onProgress({ part: 'events', done: events.length });
    const receipts = await drain(contents.receipts());
    onProgress({ part: 'receipts', done: receipts.length });
    this.held = { storeId, firstSeq, lastSeq, tasks, events, receipts };
  }

  async inspect(): Promise<StoreReport> {
    return { place: 'memory', facts: { tasks: this.held?.tasks.length ?? 0 }, findings: [] };
  }
}

async function* inBatches<T>(items: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

async function drain<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}
