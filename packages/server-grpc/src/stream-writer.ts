import { nextTurn } from '@execgo/core';
import type { ResolvedServerOptions } from './server-options.js';

interface WritableCall {
  write(message: Buffer, written: () => void): boolean;
}

/**
 * Writes a stream as fast as its reader reads: once so many bytes wait for it, or the stream itself says that it has enough, the next
 * message is not even made before all of them have gone out.
 */
export class StreamWriter {
  private waitingBytes = 0;
  private count = 0;
  private isOver: boolean;
  private goOn = (): void => {};

  constructor(
    private readonly call: WritableCall,
    signal: AbortSignal,
    private readonly options: ResolvedServerOptions,
  ) {
    this.isOver = signal.aborted;
    // Of a call that is over gRPC tells nothing more, not even that something was written.
    signal.addEventListener('abort', () => {
      this.isOver = true;
      this.goOn();
    });
  }

  async write(message: Buffer): Promise<void> {
    const { limits, clock } = this.options;
    this.count += 1;
    this.waitingBytes += message.length;
    let hasGone = false;
    const hasRoom = this.call.write(message, () => {
      hasGone = true;
      this.goOn();
    });
    if (!hasRoom || this.waitingBytes >= limits.streamBufferBytes) {
      while (!hasGone && !this.isOver) {
        await new Promise<void>((resolve) => {
          this.goOn = resolve;
        });
      }
      this.waitingBytes = 0;
    }
    // A fast reader and a source in memory would otherwise keep the event loop to themselves.
    if (this.count % limits.batchItems === 0) await nextTurn(clock);
  }
}
