import type { CopyStoreProgress } from '@execgo/store-archive';
import type { CliContext } from './commands/command.js';

/** A copy that is done by then says nothing on the way, in milliseconds. */
const QUIET_MS = 1000;
/** How often a line on a terminal is written over, in milliseconds. */
const TERMINAL_EVERY_MS = 200;
/** How often a pipe gets a line, in milliseconds. */
const PIPE_EVERY_MS = 5000;
const CLEAR_LINE = '\r\x1b[2K';

/** Tells on stderr how far a copy has come, once it takes long: a terminal has one line of it, a pipe a line now and then. */
export class CopyReport {
  private nextAt = performance.now() + QUIET_MS;
  private isLineOpen = false;

  constructor(private readonly cli: Pick<CliContext, 'stderr' | 'isTerminal'>) {}

  tell({ step, part, done }: CopyStoreProgress): void {
    const now = performance.now();
    if (now < this.nextAt) return;
    const { stderr, isTerminal } = this.cli;
    this.nextAt = now + (isTerminal ? TERMINAL_EVERY_MS : PIPE_EVERY_MS);
    const text = `${step} ${part}: ${done}`;
    stderr(isTerminal ? `${CLEAR_LINE}${text}` : `${text}\n`);
    this.isLineOpen = isTerminal === true;
  }

  /** Leaves nothing of it on a terminal. */
  end(): void {
    if (this.isLineOpen) this.cli.stderr(CLEAR_LINE);
    this.isLineOpen = false;
  }
}
