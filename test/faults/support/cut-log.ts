import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { isSame, LogFrames, readHeader } from '../../../packages/store-sqlite/src/log-frames.js';

/** Cuts the log of a SQLite store where a frame does not fit its checksum, as SQLite itself takes it, without a word. */
export function cutLog(directory: string): void {
  const log = join(directory, 'execgo.db-wal');
  let header: ReturnType<typeof readHeader>;
  try {
    header = readHeader(log);
  } catch {
    // It was closed: there is none.
    return;
  }
  if (header === undefined) return;
  if (!header.isSound) {
    truncateSync(log, 0);
    return;
  }
  const frames = new LogFrames(log, header.pageBytes, header.isLittle);
  let { sum } = header;
  let sound = 0;
  for (; sound < frames.count; sound += 1) {
    const frame = frames.at(sound);
    if (frame === undefined || !isSame(frame.salts, header.salts) || !isSame(frame.sumAfter(sum), frame.storedSum))
      break;
    sum = frame.storedSum;
  }
  frames.close();
  truncateSync(log, frames.byteOf(sound));
}
