/** Bytes from `start` up to, and without, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const FORM = /^bytes=\s*(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))\s*$/i;

/**
 * What a `Range` header asks of so many bytes (RFC 9110, 14.2). Undefined where it is to be ignored: no header, another unit,
 * several ranges, or none that can be read.
 */
export function byteRange(header: string | null, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last, suffix] = (header === null ? null : FORM.exec(header.trim())) ?? [];
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  if (first === undefined) return undefined;
  const start = Number(first);
  if (last !== undefined && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === undefined ? size : Math.min(size, Number(last) + 1) };
}
