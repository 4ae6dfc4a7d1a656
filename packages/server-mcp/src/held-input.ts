import { type Readable, Transform, type TransformCallback } from 'node:stream';

/**
 * Hands on what a client writes, and holds the end of it back until the promise of `beforeEnd` has settled: to the SDK the end of
 * the input is the end of the connection, and what is not answered by then never is.
 */
export class HeldInput extends Transform {
  private isReleased = false;
  private readonly finish = () => {
    if (!this.writableEnded) this.end();
  };
  private readonly fail = (error: Error) => void this.emit('error', error);

  constructor(
    private readonly source: Readable,
    private readonly turn: (fn: () => void) => void,
    private readonly beforeEnd: () => Promise<void>,
  ) {
    super();
    source.on('error', this.fail);
    // One that is destroyed has no end.
    source.once('close', this.finish);
    if (source.readableEnded || source.destroyed) this.finish();
    else source.pipe(this);
  }

  /** Reads no more; the source stays the caller's. */
  release(): void {
    this.isReleased = true;
    this.source.unpipe(this);
    this.source.off('error', this.fail);
    this.source.off('close', this.finish);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.hold().then(() => done(), done);
  }

  private async hold(): Promise<void> {
    // What came last is handed on some turns after it came.
    while (this.readableLength > 0 && !this.isReleased) await new Promise<void>((resolve) => this.turn(resolve));
    if (!this.isReleased) await this.beforeEnd();
  }
}
