import type { OutputStream } from '@execgo/core';
import type { CliContext } from '../commands/command.js';
import { PlainStream } from './plain-stream.js';

/** What a task wrote, onto the streams of this process: byte for byte, or on a terminal without what controls it. */
export class OutputPrinter {
  private readonly plain = new Map<OutputStream, PlainStream>();

  constructor(
    private readonly cli: CliContext,
    private readonly isRaw: boolean,
  ) {}

  /** Resolves when its reader has kept up. */
  async print(stream: OutputStream, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (!this.isRaw && this.isTerminal(stream)) return this.write(stream, this.plainOf(stream).take(bytes));
    const { writeBytes, drained } = this.cli;
    if (writeBytes !== undefined) writeBytes(stream, bytes);
    else this.cli[stream](Buffer.from(bytes).toString('utf8'));
    await drained?.();
  }

  /** What was held back, since more might have come to it. */
  async end(stream: OutputStream): Promise<void> {
    const plain = this.plain.get(stream);
    this.plain.delete(stream);
    await this.write(stream, plain?.end() ?? '');
  }

  private async write(stream: OutputStream, text: string): Promise<void> {
    if (text === '') return;
    this.cli[stream](text);
    await this.cli.drained?.();
  }

  private isTerminal(stream: OutputStream): boolean {
    return (stream === 'stdout' ? this.cli.isStdoutTerminal : this.cli.isTerminal) === true;
  }

  private plainOf(stream: OutputStream): PlainStream {
    const plain = this.plain.get(stream) ?? new PlainStream();
    this.plain.set(stream, plain);
    return plain;
  }
}
