const BLOCK_BYTES = 64 * 1024;
const FIRST_BYTES = 256;

/**
 * Bytes that only grow, in blocks: an append copies what it is given and little else, a short text takes little memory, and a
 * long one is never moved.
 */
export class ByteBlocks {
  /** All full, but the last one, which grows up to a full block. */
  private readonly blocks: Uint8Array[] = [];
  private bytes = 0;

  get length(): number {
    return this.bytes;
  }

  append(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const used = this.bytes % BLOCK_BYTES;
      const part = chunk.subarray(at, at + BLOCK_BYTES - used);
      this.lastBlock(used, part.length).set(part, used);
      this.bytes += part.length;
      at += part.length;
    }
  }

  /** A copy of the bytes from `start` up to `end`; fewer where there are fewer. */
  read(start: number, end: number): Uint8Array {
    const until = Math.min(end, this.bytes);
    const result = new Uint8Array(Math.max(0, until - start));
    for (let at = start; at < until; ) {
      const inBlock = at % BLOCK_BYTES;
      const block = this.blocks[(at - inBlock) / BLOCK_BYTES] as Uint8Array;
      const part = block.subarray(inBlock, Math.min(BLOCK_BYTES, inBlock + until - at));
      result.set(part, at - start);
      at += part.length;
    }
    return result;
  }

  clear(): void {
    this.blocks.length = 0;
    this.bytes = 0;
  }

  /** The block to write to, with room for so many bytes behind those in use. */
  private lastBlock(used: number, more: number): Uint8Array {
    const last = used === 0 ? undefined : this.blocks.at(-1);
    const needed = used + more;
    if (last !== undefined && last.length >= needed) return last;
    const grown = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(FIRST_BYTES, 2 * used, needed)));
    if (last === undefined) this.blocks.push(grown);
    else {
      grown.set(last.subarray(0, used));
      this.blocks[this.blocks.length - 1] = grown;
    }
    return grown;
  }
}
