import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ExecGoError } from '@execgo/core';
import {
  type Frame,
  HEADER_BYTES,
  isPageSize,
  isSame,
  LogFrames,
  type LogHeader,
  readHeader,
  type Sum,
} from './log-frames.js';
import type { Durability } from './options.js';

/** How often a damage has to be found, since a log may be written while it is looked at. */
const LOOKS = 3;
const SIZE_BITS = Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0);

/** What is wrong with a write-ahead log, beyond what SQLite would tell. */
export interface LogDamage {
  /** The log. */
  readonly file: string;
  /** Where it begins, in bytes. */
  readonly byte: number;
  /**
   * `header`: SQLite would leave out all of it. `middle`: it would leave out commits that were flushed, since later ones follow.
   * `end`: it would leave out the last commit, which the database has been given. `unfinished`: it leaves out the last commit,
   * which was interrupted, or was damaged since; from outside nobody can tell.
   */
  readonly kind: 'header' | 'middle' | 'end' | 'unfinished';
}

/**
 * SQLite takes the first frame whose checksum does not fit for the end of the log. That is right after a crash, and loses what
 * was acknowledged where the frame was damaged later. This tells one from the other, before SQLite looks: what was written after
 * a commit was flushed, to the log or to the database, proves that the commit was whole.
 */
export function logDamage(file: string): LogDamage | undefined {
  const log = `${file}-wal`;
  let found: LogDamage | undefined;
  for (let look = 0; look < LOOKS; look += 1) {
    const again = lookAt(file, log);
    if (again === undefined || (look > 0 && again.byte !== found?.byte)) return undefined;
    found = again;
  }
  return found;
}

/**
 * Looks at the log of a database before SQLite does.
 *
 * @param durability how it was written: without flushes a power cut may leave later commits without an earlier one
 * @throws ExecGoError `internal` that names the log and the place, where SQLite would leave out commits that were flushed
 */
export function checkLog(file: string, durability: Durability, warn: (message: string) => void): void {
  const damage = logDamage(file);
  if (damage === undefined) return;
  if (damage.kind === 'unfinished' || (damage.kind === 'middle' && durability === 'none')) {
    warn(`${textOf(damage)}; it is left out, and all that comes after it`);
    return;
  }
  const hint =
    damage.kind === 'middle'
      ? '. Only if it was written with durability "none" can this be the work of a power cut: then open it once with that, and what comes before this place is kept'
      : '';
  throw new ExecGoError(
    'internal',
    `the store is damaged: ${textOf(damage)}. Nothing was changed. Restore the database and its log from a backup${hint}`,
    { details: { file: damage.file, byte: damage.byte } },
  );
}

/** What is wrong, in words. */
export function textOf({ file, byte, kind }: LogDamage): string {
  const place = `${file}, byte ${byte}`;
  if (kind === 'header') return `${place}: the header does not fit its checksum, and whole frames follow`;
  if (kind === 'middle') return `${place}: the frame does not fit its checksum, and later commits follow`;
  if (kind === 'end') return `${place}: the last commit is damaged, and the database has been given some of it`;
  return `${place}: the last commit is not whole: it was interrupted, or was damaged since`;
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function lookAt(file: string, log: string): LogDamage | undefined {
  if (bytesOf(log) <= HEADER_BYTES || bytesOf(file) === 0) return undefined;
  const header = readHeader(log);
  if (header === undefined) return undefined;
  const damage = header.isSound ? damageOfFrames(file, log, header) : damageOfHeader(file, log, header);
  // A log that was begun anew meanwhile was not damaged.
  return readHeader(log)?.text === header.text ? damage : undefined;
}

/** A header is flushed before the first frame is written. */
function damageOfHeader(file: string, log: string, header: LogHeader): LogDamage | undefined {
  const pageBytes = pageBytesOf(file) ?? header.pageBytes;
  if (!isPageSize(pageBytes)) return undefined;
  for (const isLittle of [true, false]) {
    const frames = new LogFrames(log, pageBytes, isLittle);
    try {
      let before: readonly Sum[] = [header.storedSum, header.sum];
      for (let index = 0; index < frames.count; index += 1) {
        const frame = frames.at(index);
        if (frame === undefined) break;
        if (frame.page > 0 && before.some((sum) => isSame(frame.sumAfter(sum), frame.storedSum))) {
          return { file: log, byte: 0, kind: 'header' };
        }
        before = [frame.storedSum];
      }
    } finally {
      frames.close();
    }
  }
  return undefined;
}

function damageOfFrames(file: string, log: string, header: LogHeader): LogDamage | undefined {
  const frames = new LogFrames(log, header.pageBytes, header.isLittle);
  try {
    const sound = soundPart(frames, header);
    const bad = frames.at(sound.frames);
    const ofLog = (frame: Frame | undefined) => frame !== undefined && isSame(frame.salts, header.salts);
    const byte = frames.byteOf(sound.frames);
    if (bad !== undefined && isFollowed(frames, header, sound)) return { file: log, byte, kind: 'middle' };
    if (isInDatabase(file, frames, header, sound)) return { file: log, byte, kind: 'end' };
    const isUnfinished = sound.frames > sound.committed || ofLog(bad);
    return isUnfinished ? { file: log, byte: frames.byteOf(sound.committed), kind: 'unfinished' } : undefined;
  } finally {
    frames.close();
  }
}

/** What SQLite would take. */
interface SoundPart {
  /** Frames from the first on that fit their checksums. */
  readonly frames: number;
  /** Frames of whole commits. */
  readonly committed: number;
  /** The checksum that the next frame goes on from. */
  readonly sum: Sum;
  /** The last committed frame of each page. */
  readonly pages: ReadonlyMap<number, number>;
}

function soundPart(frames: LogFrames, header: LogHeader): SoundPart {
  const pages = new Map<number, number>();
  let uncommitted: [page: number, index: number][] = [];
  let committed = 0;
  let sum = header.sum;
  for (let index = 0; index < frames.count; index += 1) {
    const frame = frames.at(index);
    if (frame === undefined || frame.page === 0 || !isSame(frame.salts, header.salts)) {
      return { frames: index, committed, sum, pages };
    }
    const own = frame.sumAfter(sum);
    if (!isSame(own, frame.storedSum)) return { frames: index, committed, sum, pages };
    sum = own;
    uncommitted.push([frame.page, index]);
    if (frame.sizeAfter === 0) continue;
    for (const [page, at] of uncommitted) pages.set(page, at);
    uncommitted = [];
    committed = index + 1;
  }
  return { frames: frames.count, committed, sum, pages };
}

/**
 * Whether a commit from the first bad frame on has a frame after it that goes on from it: that was written when the commit had
 * been flushed. Frames that were left by an earlier crash go on from nothing that stands before them now.
 */
function isFollowed(frames: LogFrames, header: LogHeader, sound: SoundPart): boolean {
  let before: readonly Sum[] = [sound.sum];
  let isAfterCommit = false;
  for (let index = sound.frames; index < frames.count; index += 1) {
    const frame = frames.at(index);
    if (frame === undefined) return false;
    const isBad = index === sound.frames;
    // Of frames of an earlier log, which may be many, nothing is added up.
    if (isAfterCommit && isSame(frame.salts, header.salts)) {
      if (before.some((sum) => isSame(frame.sumAfter(sum), frame.storedSum))) return true;
    }
    isAfterCommit = frame.sizeAfter !== 0 || (isBad && hasLostItsSize(frame, sound.sum));
    before = isBad ? [frame.storedSum, frame.sumAfter(sound.sum)] : [frame.storedSum];
  }
  return false;
}

/** Whether it is the last frame of a commit that does not say so, since one bit is another. */
function hasLostItsSize(frame: Frame, before: Sum): boolean {
  return SIZE_BITS.some((sizeAfter) => isSame(frame.sumWithSize(before, sizeAfter), frame.storedSum));
}

/**
 * Whether the database has pages of the commit that SQLite would leave out. It is given pages only of a log that was flushed, in
 * their order; and with an older log over it, it would show some pages of now and some of before.
 */
function isInDatabase(file: string, frames: LogFrames, header: LogHeader, sound: SoundPart): boolean {
  const left = lastCommit(frames, header, sound);
  const fd = openSync(file, 'r');
  try {
    for (const { page, index, before } of left) {
      const there = Buffer.alloc(header.pageBytes);
      const isWhole = page > 0 && readSync(fd, there, 0, there.length, (page - 1) * there.length) === there.length;
      const frame = frames.at(index);
      if (frame === undefined) return false;
      // The bad one may be about another page than it says.
      const isThere = there.equals(frame.content) || isSame(frame.sumAfter(before, there), frame.storedSum);
      if (index === sound.frames && !(isWhole && isThere)) continue;
      if (!isWhole || !isThere) return false;
      const older = sound.pages.get(page);
      if (older !== undefined && frames.at(older)?.content.equals(there) === false) return true;
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

interface LeftOut {
  readonly page: number;
  readonly index: number;
  readonly before: Sum;
}

/** The pages of the commit that is not whole, in their order, each as its last frame has it. */
function lastCommit(frames: LogFrames, header: LogHeader, sound: SoundPart): readonly LeftOut[] {
  const pages = new Map<number, LeftOut>();
  let before = sound.sum;
  for (let index = sound.committed; index < frames.count; index += 1) {
    const frame = frames.at(index);
    const isBad = index === sound.frames;
    if (frame === undefined) break;
    if (isBad) before = sound.sum;
    // Frames of an earlier log, which the database has been given, are no part of it; salts that were damaged are.
    const isOfLog = isSame(frame.salts, header.salts) || isSame(frame.sumAfter(before), frame.storedSum);
    if (!isOfLog) break;
    pages.set(frame.page, { page: frame.page, index, before });
    before = frame.storedSum;
    if (frame.sizeAfter !== 0) break;
  }
  return [...pages.values()].sort((one, other) => one.page - other.page);
}

/** Bytes of a page, as the database says; undefined where it does not. */
function pageBytesOf(file: string): number | undefined {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(2);
    if (readSync(fd, bytes, 0, 2, 16) < 2) return undefined;
    const said = bytes.readUInt16BE(0);
    const pageBytes = said === 1 ? 65_536 : said;
    return isPageSize(pageBytes) ? pageBytes : undefined;
  } finally {
    closeSync(fd);
  }
}
