import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const LF = 0x0a;

/** Gives every line of a journal of the jsonfile store the checksum and the length that it should have, whatever is in it. */
export function resignJournal(directory: string): void {
  for (const name of readdirSync(directory).filter((file) => file.startsWith('journal-'))) {
    const path = join(directory, name);
    const lines = linesOf(readFileSync(path)).map((line) => {
      const begin = line.indexOf('{');
      if (begin < 0) return line;
      const json = line.subarray(begin);
      const crc = crc32(json).toString(16).padStart(8, '0');
      return Buffer.concat([Buffer.from(`${crc} ${String(json.length).padStart(10, '0')} `), json]);
    });
    writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.of(LF)])));
  }
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(LF, from);
    const to = end < 0 ? bytes.length : end;
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return lines;
}
