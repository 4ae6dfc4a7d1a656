import * as zlib from 'node:zlib';

/** Node 21 and the first releases of 22 have none. */
const native: ((data: string) => number) | undefined = zlib.crc32;
const TABLE = makeTable();

/** CRC-32 of a text in UTF-8, as in zlib (reflected polynomial 0xEDB88320). */
export function crc32(text: string): number {
  return native === undefined ? tableCrc32(Buffer.from(text)) : native(text);
}

/** The same where Node has no native one. */
export function tableCrc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, at) => {
    let crc = at;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
}
