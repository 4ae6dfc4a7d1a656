import { type CopyProgress, ExecGoError, isExecGoError, type StoreContents, type StoreMaintenance } from '@execgo/core';
import { PARTS } from './archive-line.js';
import { digestStore, type StoreDigest, wholeDigest } from './store-digest.js';

/** How far a copy has come: first everything is written, then both sides are read and compared. */
export interface CopyStoreProgress extends CopyProgress {
  readonly step: 'copying' | 'comparing';
}

export interface CopyStoreOptions {
  readonly onProgress?: (progress: CopyStoreProgress) => void;
  /** Ends it between two batches; what is written by then is what an interrupted copy leaves. */
  readonly signal?: AbortSignal;
}

/** What was copied. */
export interface CopiedStore {
  readonly storeId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly tasks: number;
  readonly events: number;
  readonly receipts: number;
  /** SHA-256 over name, seqs and everything held, hex: the same for the same contents in any store. */
  readonly sha256: string;
}

/**
 * Copies a whole store to an empty place, reads the copy back, and holds both against each other: counts and SHA-256 of tasks,
 * events and receipts. The same call again goes on where an interrupted one was; where the target already holds just this, it
 * is compared and nothing is written.
 *
 * @throws ExecGoError `internal` naming the part that differs; `cancelled` after the signal; as `read` and `fill` of the two
 */
export async function copyStore(
  from: StoreMaintenance,
  to: StoreMaintenance,
  options: CopyStoreOptions = {},
): Promise<CopiedStore> {
  const contents = await from.read();
  try {
    const source = withSignal(contents, options.signal);
    await fill(to, source, options);
    return await compare(source, to, options);
  } finally {
    await contents.close();
  }
}

async function fill(to: StoreMaintenance, source: StoreContents, { onProgress }: CopyStoreOptions): Promise<void> {
  try {
    await to.fill(source, (progress) => onProgress?.({ step: 'copying', ...progress }));
  } catch (error) {
    if (!isExecGoError(error, 'conflict') || !(await holdsSame(to, source))) throw error;
  }
}

/** Whether an earlier copy of this very state has come to its end there, all but the comparison. */
async function holdsSame(to: StoreMaintenance, source: StoreContents): Promise<boolean> {
  const there = await to.read().catch(() => undefined);
  await there?.close();
  return there !== undefined && differingSeqs(source, there) === undefined;
}

async function compare(
  source: StoreContents,
  to: StoreMaintenance,
  { onProgress, signal }: CopyStoreOptions,
): Promise<CopiedStore> {
  const report = (part: CopyProgress['part'], done: number) => onProgress?.({ step: 'comparing', part, done });
  const expected = await digestStore(source, report);
  const written = await to.read();
  try {
    const copy = withSignal(written, signal);
    const found = await digestStore(copy, report);
    const difference = differingSeqs(source, copy) ?? differingPart(expected, found);
    if (difference !== undefined) throw differs(difference);
    const { storeId, firstSeq, lastSeq } = source;
    return { storeId, firstSeq, lastSeq, ...expected.counts, sha256: wholeDigest(source, expected) };
  } finally {
    await written.close();
  }
}

function differingSeqs(source: StoreContents, copy: StoreContents): string | undefined {
  for (const name of ['storeId', 'firstSeq', 'lastSeq'] as const) {
    if (source[name] !== copy[name]) return `${name} is ${copy[name]} and was ${source[name]}`;
  }
  return undefined;
}

function differingPart(expected: StoreDigest, found: StoreDigest): string | undefined {
  for (const part of PARTS) {
    const [wanted, there] = [expected.counts[part], found.counts[part]];
    if (wanted !== there) return `it holds ${there} ${part}, and ${wanted} were read`;
    if (expected.parts[part] !== found.parts[part]) return `the ${part} read back are not those that were read`;
  }
  return undefined;
}

function differs(what: string): ExecGoError {
  return new ExecGoError(
    'internal',
    `the copy is not equal to what was copied: ${what}. Do not use it; the source is as it was`,
    { details: { what } },
  );
}

/** The same contents, that end with an error at the next batch once the signal is given. */
function withSignal(contents: StoreContents, signal: AbortSignal | undefined): StoreContents {
  if (signal === undefined) return contents;
  return {
    storeId: contents.storeId,
    firstSeq: contents.firstSeq,
    lastSeq: contents.lastSeq,
    tasks: (after) => stopping(contents.tasks(after), signal),
    events: (after) => stopping(contents.events(after), signal),
    receipts: () => stopping(contents.receipts(), signal),
    close: () => contents.close(),
  };
}

async function* stopping<T>(batches: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  for await (const batch of batches) {
    if (signal.aborted) throw new ExecGoError('cancelled', 'the copy was stopped before its end');
    yield batch;
  }
}
