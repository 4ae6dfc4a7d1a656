/** The two streams that an attempt can write to. */
export type OutputStream = 'stdout' | 'stderr';
export const OUTPUT_STREAMS: readonly OutputStream[] = ['stdout', 'stderr'];

/** Whose output it is: unique in a task store, also where an id is submitted again, and safe as the name of a file. */
export interface OutputKey {
  /** `submitted_seq` of the task. */
  readonly submittedSeq: number;
  readonly attempt: number;
}

export interface StreamSize {
  /** Bytes that came. */
  readonly bytes: number;
  /** How many of them can be read: the first ones. Fewer than `bytes` where a limit was reached. */
  readonly kept: number;
}

/** What a store holds of one attempt. */
export interface StoredOutput {
  readonly stdout: StreamSize;
  readonly stderr: StreamSize;
  /** `finish` has resolved: the sizes are final. False for an attempt under way, or one that a crash or an error cut short. */
  readonly finished: boolean;
}

/** Bytes that an attempt wrote and that were never appended. */
export type MissingBytes = Readonly<Record<OutputStream, number>>;

/** How much is kept of one attempt, both streams together, in bytes: as much as a tool may write before it is ended. */
export const DEFAULT_OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Keeps what attempts write, in full and byte for byte, beside the task store. Of a task it keeps the newest attempt alone.
 * Output is a report, not a fact: it outlives the process, but a power cut may take what was written last.
 *
 * Calls about one task take effect in the order they were made, however they overlap; those about different tasks do not wait
 * for each other. There is one writer, the scheduler.
 */
export interface OutputStore {
  /**
   * Makes the store ready to go with a task store. What it kept for another one goes: there, the same key means another task.
   * @throws ExecGoError `unavailable` where its place cannot be used
   */
  open(beside: { readonly storeId: string }): Promise<void>;
  /**
   * Adds to a stream. The first call for a key (after `open`, or after its `finish`) begins anew: whatever was kept of that task
   * is gone. What comes beyond the store's limit is counted and not kept.
   *
   * @param chunk stays the caller's: copied where it is needed after the call
   * @returns a promise where the caller should wait before it goes on; what it waits for can be read from then on
   * @throws ExecGoError `unavailable` (or rejects with it): that output is incomplete, and takes nothing more
   */
  append(key: OutputKey, stream: OutputStream, chunk: Uint8Array): void | Promise<void>;
  /**
   * No more will come: resolves when all of it can be read, also after the process is killed. Holds nothing open for the key.
   *
   * @param missing bytes that the caller left out at the end of each stream: counted, not kept
   * @throws ExecGoError `unavailable` where an append was refused, or this is; the output stays unfinished
   */
  finish(key: OutputKey, missing?: MissingBytes): Promise<void>;
  /** Undefined where nothing was ever appended for this key, or it was removed. */
  size(key: OutputKey): Promise<StoredOutput | undefined>;
  /** Bytes from `start` up to `end`, fewer where fewer can be read, none where nothing is kept. Also while more is appended. */
  read(key: OutputKey, stream: OutputStream, start: number, end: number): Promise<Uint8Array>;
  /** Removes all of a task, an attempt under way included. Nothing happens where nothing is kept. */
  remove(submittedSeq: number): Promise<void>;
  /** The tasks of which something is kept, in batches, in no order. What changes meanwhile may be in it or not. */
  submittedSeqs(): AsyncIterable<readonly number[]>;
  /** Waits for what is under way. Safe to call twice. */
  close(): Promise<void>;
}
