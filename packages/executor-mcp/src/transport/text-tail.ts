/** Keeps the end of a stream of text: the last `maxBytes` bytes and nothing more. */
export class TextTail {
  private kept: Buffer = Buffer.alloc(0);

  constructor(private readonly maxBytes: number) {}

  push(chunk: Buffer): void {
    const last = chunk.subarray(-this.maxBytes);
    const rest = this.maxBytes - last.length;
    this.kept = Buffer.concat(rest === 0 ? [last] : [this.kept.subarray(-rest), last]);
  }

  toString(): string {
    return this.kept.toString('utf8').trim();
  }
}
