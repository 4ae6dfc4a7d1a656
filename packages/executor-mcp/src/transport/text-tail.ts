/**
 * Keeps the end of a stream of text: of the last `maxBytes` bytes the whole lines. Half a line may hold half a secret, which
 * nobody would know for one.
 */
export class TextTail {
  private kept: Buffer = Buffer.alloc(0);
  private isCut = false;

  constructor(private readonly maxBytes: number) {}

  push(chunk: Buffer): void {
    const last = chunk.subarray(-this.maxBytes);
    if (this.kept.length + chunk.length > this.maxBytes) this.isCut = true;
    const rest = this.maxBytes - last.length;
    this.kept = Buffer.concat(rest === 0 ? [last] : [this.kept.subarray(-rest), last]);
  }

  toString(): string {
    const whole = this.isCut ? this.kept.subarray(this.kept.indexOf('\n') + 1 || this.kept.length) : this.kept;
    return whole.toString('utf8').trim();
  }
}
