import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@execgo/testkit';
import { brokenIn, isSound } from './found.js';
import { EXIT } from './job.js';
import { Promises } from './promises.js';
import type { DurableStore } from './stores.js';
import { created, extentOf, fileOf, isSync, isWrite, readTrace, strace, type TracedCall } from './trace.js';
import type { Worker, WorkerEnd, WorkerOptions } from './worker.js';

const SYNC_CALLS = 'fsync,fdatasync';
/** Graphs of a life: more calls of each kind than the long proof makes fail. */
const GRAPHS = 60;

/** What strace does to a call instead of letting the kernel do it. */
export interface FaultKind {
  readonly name: string;
  readonly calls: 'write' | 'sync';
  readonly inject: 'error=EIO' | 'error=ENOSPC' | 'retval=1' | 'signal=KILL';
}

export const FAULT_KINDS: readonly FaultKind[] = [
  { name: 'EIO at a write', calls: 'write', inject: 'error=EIO' },
  { name: 'ENOSPC at a write', calls: 'write', inject: 'error=ENOSPC' },
  { name: 'a write of one byte', calls: 'write', inject: 'retval=1' },
  { name: 'kill -9 at a write', calls: 'write', inject: 'signal=KILL' },
  { name: 'EIO at a flush', calls: 'sync', inject: 'error=EIO' },
  { name: 'ENOSPC at a flush', calls: 'sync', inject: 'error=ENOSPC' },
  { name: 'kill -9 at a flush', calls: 'sync', inject: 'signal=KILL' },
];

export interface FaultPoint {
  /** Files whose calls were hit; none where the life had fewer calls of that kind. */
  readonly hit: readonly string[];
  /** How the process ended. */
  readonly outcome: 'read-only' | 'refused to open' | 'went on' | 'killed';
  readonly acknowledged: number;
  /** What was not as promised, in words. */
  readonly problems: readonly string[];
}

export interface FaultPointOptions {
  readonly store: DurableStore;
  /** Name of the store in the process. @default that of `store` */
  readonly worker?: string;
  readonly kind: FaultKind;
  /** Which call of that kind it hits; counted in each thread by itself. */
  readonly nth: number;
  /** A name of the store's `sideFiles`: only calls about those count. @default all calls count */
  readonly about?: string | undefined;
  /** Leaves it at one byte that was taken and is not there: a fault that nothing can make good. @default false */
  readonly losesByte?: boolean;
}

/** One life in which one call goes wrong, and the next one, in which none does. */
export async function faultPoint(
  start: (options: WorkerOptions) => Worker,
  { store, worker = store.name, kind, nth, about, losesByte = false }: FaultPointOptions,
): Promise<FaultPoint> {
  const place = await temporaryDirectory();
  try {
    const directory = join(place.path, 'data');
    const log = join(place.path, 'strace.log');
    const calls = kind.calls === 'write' ? store.writeCalls : SYNC_CALLS;
    const paths = about === undefined ? store.serverFiles(directory) : (store.sideFiles(directory)[about] ?? []);
    const through = strace({ log, inject: `${calls}:${kind.inject}:when=${nth}`, paths });
    // The byte is put there afterwards: before then nothing may read the log, or copy it into another file.
    const inLog = kind.inject === 'retval=1' && store.changed.length > 0 && about === undefined;
    const apart = { isLarge: inLog, looksAway: inLog, abandons: inLog };
    const job = { store: worker, directory, life: '1', writers: 1, graphs: GRAPHS, ...apart };
    const promises = new Promises();
    // One thread in the pool: strace counts calls by thread.
    const ended = await start({ job, promises, through, env: { UV_THREADPOOL_SIZE: '1' } }).ended;
    const end = inLog ? asIfExited(ended) : ended;
    const trace = readTrace(log);
    const hit = end.signal === null ? trace.filter(({ injected }) => injected) : lastCall(trace, kind);
    const namesAreFlushed =
      store.flushesNamesTwice && trace.some((call) => isSync(call) && call.path === directory && call.result === '0');
    const isFatal = (call: TracedCall) =>
      store.isLog(fileOf(call)) ||
      store.changed.includes(fileOf(call)) ||
      (call.path === directory && !namesAreFlushed);
    const problems = problemsOfLife(kind, end, hit, isFatal);
    // Before anything was promised, what was begun may be taken back, and that be flushed.
    if (outcomeOf(end) !== 'refused to open' || promises.size > 0) {
      const own = namesAreFlushed ? trace.filter((call) => call.path !== directory) : trace;
      problems.push(...retriedFlushes(own));
    }
    if (kind.inject === 'retval=1') problems.push(...restIsWritten(trace, hit));
    if (kind.inject === 'retval=1' && !losesByte) for (const call of hit) writeMissing(call);
    const found = await brokenIn(store, directory, promises);
    if (!isSound(found)) problems.push(`the next start: ${JSON.stringify(found).slice(0, 500)}`);
    return { hit: hit.map(fileOf), outcome: outcomeOf(end), acknowledged: promises.size, problems };
  } finally {
    await place.remove();
  }
}

/** A process that abandons its store ends itself by a signal; this is how it would have ended otherwise. */
function asIfExited(end: WorkerEnd): WorkerEnd {
  if (end.signal !== 'SIGKILL') return end;
  return { ...end, signal: null, code: end.failed === undefined ? EXIT.done : EXIT.readOnly };
}

/** strace does not mark a call at which it sends a signal: it is the last one, and has no result. */
function lastCall(trace: readonly TracedCall[], kind: FaultKind): readonly TracedCall[] {
  const isMeant = kind.calls === 'write' ? isWrite : isSync;
  return trace.filter((call) => isMeant(call) && call.result.startsWith('?')).slice(-1);
}

function outcomeOf({ code, signal }: WorkerEnd): FaultPoint['outcome'] {
  if (signal !== null) return 'killed';
  if (code === EXIT.readOnly) return 'read-only';
  return code === EXIT.refusedToOpen ? 'refused to open' : 'went on';
}

function problemsOfLife(
  kind: FaultKind,
  end: WorkerEnd,
  hit: readonly TracedCall[],
  isFatal: (call: TracedCall) => boolean,
): string[] {
  if (kind.inject === 'signal=KILL' && hit.length > 0)
    return end.signal === 'SIGKILL' ? [] : [`ended with ${end.code}`];
  const outcome = outcomeOf(end);
  if (outcome === 'killed' || end.stderr.includes('Node.js v')) return [`died: ${end.stderr}`];
  if (outcome === 'refused to open') return end.refusedToOpen?.startsWith('raw') ? [end.refusedToOpen] : [];
  if (outcome === 'read-only') return problemsOfReadOnly(end);
  const ignored = kind.inject === 'retval=1' ? [] : hit.filter(isFatal);
  return ignored.map((call) => `went on after ${call.name} of ${fileOf(call)} failed`);
}

function problemsOfReadOnly({ failed = '', aftermath }: WorkerEnd): string[] {
  if (aftermath === undefined) return ['it did not come to an end of what it was to do'];
  const problems: string[] = [];
  if (!failed.startsWith('unavailable ')) problems.push(`the append was refused with: ${failed}`);
  if (aftermath.refusals.some((code) => code !== 'unavailable')) {
    problems.push(`later appends were refused with: ${aftermath.refusals.join(', ')}`);
  }
  if (aftermath.unreadable.length > 0) problems.push(`cannot be read any more: ${aftermath.unreadable.join(', ')}`);
  return problems;
}

/** After a flush that failed the kernel may have dropped the bytes and forgotten the error: a second one proves nothing. */
function retriedFlushes(trace: readonly TracedCall[]): string[] {
  const failed = new Set<string>();
  const problems: string[] = [];
  for (const call of trace) {
    const made = created(call);
    // Another file under the same name.
    if (made !== undefined && call.args.includes('O_EXCL')) failed.delete(made);
    if (!isSync(call)) continue;
    if (failed.has(call.path)) problems.push(`${call.name} of ${fileOf(call)} again after one that failed`);
    if (call.injected) failed.add(call.path);
  }
  return problems;
}

/** A call that took one byte must be followed by one for the rest. */
function restIsWritten(trace: readonly TracedCall[], hit: readonly TracedCall[]): string[] {
  return hit.flatMap((call) => {
    const { length, offset } = extentOf(call);
    const rest = trace
      .slice(trace.indexOf(call) + 1)
      .find((later) => isWrite(later) && later.path === call.path && extentOf(later).offset === offset + 1);
    const isWhole = rest !== undefined && extentOf(rest).length === length - 1;
    return isWhole ? [] : [`the rest of ${call.args} was not written`];
  });
}

/** strace writes nothing where it changes the result: puts the byte there that the kernel would have written. */
function writeMissing(call: TracedCall): void {
  const { offset } = extentOf(call);
  const byte = Buffer.of(firstByteOf(call));
  for (const path of [call.path, call.path.replace(/\.tmp$/, '')]) {
    let fd: number;
    try {
      fd = openSync(path, 'r+');
    } catch {
      // Renamed, or never there.
      continue;
    }
    const there = Buffer.alloc(1);
    if (readSync(fd, there, 0, 1, offset) === 1 && there[0] === 0) writeSync(fd, byte, 0, 1, offset);
    closeSync(fd);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

/** The first byte of what was to be written, from strace's C string. */
function firstByteOf({ args }: TracedCall): number {
  const [, octal, escaped, plain = ''] = /, "(?:\\([0-7]{1,3})|\\(.)|(.))/.exec(args) ?? [];
  if (octal !== undefined) return Number.parseInt(octal, 8);
  return (escaped === undefined ? plain : (ESCAPES[escaped] ?? escaped)).charCodeAt(0);
}
