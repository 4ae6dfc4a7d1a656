import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { drainContents, KeptStore, keptAfter, seededRandom } from '@execgo/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkArchive } from '../src/check-archive.js';
import { createArchive } from '../src/index.js';
import type { ByteSource } from '../src/line-source.js';
import { useFiles } from './archive-place.js';
import { lifeOf } from './life.js';

const files = useFiles();
/** Batches of their own size make lines of several parts. */
const HELD = keptAfter(lifeOf(4));
let whole: Buffer;
let file: string;

beforeAll(async () => {
  file = files.next();
  await createArchive({ file }).fill(await new KeptStore(HELD).read());
  whole = await readFile(file);
});

/** Refused as a file; thousands of times as bytes in memory, which the same check reads. */
async function mustRefuse(bytes: Buffer, what: string, as: 'file' | 'bytes' = 'file'): Promise<number> {
  if (as === 'file') await writeFile(file, bytes);
  const reading = as === 'file' ? createArchive({ file }).read() : checkArchive(inMemory(bytes), file);
  const outcome = await reading.catch((error: unknown) => error);
  expect(outcome, what).toMatchObject({
    code: 'internal',
    message: expect.stringContaining(file),
    details: { file, offset: expect.any(Number) },
  });
  return (outcome as { details: { offset: number } }).details.offset;
}

function inMemory(bytes: Buffer): ByteSource {
  return {
    read: async (into, offset, length, position) => ({
      bytesRead: bytes.copy(into, offset, position, Math.min(bytes.length, position + length)),
    }),
  };
}

function linesOf(bytes: Buffer): string[] {
  return bytes.toString().split('\n').slice(0, -1);
}

/** A line with a checksum of its own, as somebody who knows the format may write it. */
function signed(line: string): string {
  const members = line.slice('{"sum":"0123456789abcdef",'.length);
  const sum = createHash('sha256').update(members).digest('hex').slice(0, 16);
  return `{"sum":"${sum}",${members}`;
}

describe('an archive that is not as it was written is refused by name and offset', () => {
  it('cut short at every byte', async () => {
    for (let end = 0; end < whole.length; end += 1) {
      const offset = await mustRefuse(whole.subarray(0, end), `cut at ${end}`, end % 97 === 0 ? 'file' : 'bytes');
      expect(offset).toBeLessThanOrEqual(end);
    }
  });

  it('with one bit flipped, 3,000 times anywhere: at the line that holds it, or where it was its LF the one before', async () => {
    const random = seededRandom(5);
    for (let flip = 0; flip < 3000; flip += 1) {
      const at = Math.floor(random() * whole.length);
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      const offset = await mustRefuse(bytes, `byte ${at}`, flip % 50 === 0 ? 'file' : 'bytes');
      expect(offset).toBeLessThanOrEqual(at);
      expect(whole.lastIndexOf('\n', at - 1) + 1).toBe(offset);
    }
  });

  it('with a line taken out, repeated, moved or put in', async () => {
    const lines = linesOf(whole);
    expect(lines.length).toBe(5);
    const write = (changed: readonly string[]) => Buffer.from(`${changed.join('\n')}\n`);
    for (let at = 0; at < lines.length; at += 1) {
      await mustRefuse(write(lines.toSpliced(at, 1)), `without line ${at}`);
      await mustRefuse(write(lines.toSpliced(at, 0, lines[at] as string)), `line ${at} twice`);
      if (at > 0)
        await mustRefuse(write(lines.toSpliced(at - 1, 2, ...lines.slice(at - 1, at + 1).reverse())), `moved`);
    }
    await mustRefuse(
      write([...lines, signed('{"sum":"0000000000000000","line":6,"more":true}')]),
      'something after the end',
    );
  });

  it('with a row altered and its line signed anew: the SHA-256 of the whole tells', async () => {
    const lines = linesOf(whole);
    const altered = signed((lines[1] as string).replace('"status":"success"', '"status":"pending"'));
    expect(altered).not.toBe(lines[1]);
    await mustRefuse(Buffer.from(`${lines.toSpliced(1, 1, altered).join('\n')}\n`), 'altered');
  });

  it('that a later version wrote says so', async () => {
    const lines = linesOf(whole);
    const later = signed((lines[0] as string).replace('"format":1', '"format":2'));
    await writeFile(file, `${lines.toSpliced(0, 1, later).join('\n')}\n`);
    await expect(createArchive({ file }).read()).rejects.toThrow('format 2 was written by a later version');
  });

  it('that is another file altogether says so', async () => {
    for (const text of ['', '\n', 'hello\n', '{"a":1}\n', '[]', '\0'.repeat(100)]) {
      await mustRefuse(Buffer.from(text), JSON.stringify(text));
    }
  });

  it('altered after it was opened: the rest is not given out', async () => {
    await writeFile(file, whole);
    const contents = await createArchive({ file }).read();
    const bytes = Buffer.from(whole);
    const at = bytes.indexOf('"part":"events"') + 100;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await expect(drainContents(contents)).rejects.toMatchObject({ code: 'internal', details: { file } });
  });
});
