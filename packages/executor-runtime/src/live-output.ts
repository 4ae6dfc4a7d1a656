import type { OutputStream, RunContext } from '@execgo/core';

/** What stands for bytes that are no UTF-8, or not yet: the rest of a character may still come. */
const REPLACEMENT = '\ufffd';

/** Hands on what a stream has grown by, from looks at the whole of it. */
export class LiveOutput {
  private shown = '';
  private broken = false;

  constructor(
    private readonly stream: OutputStream,
    private readonly run: RunContext,
  ) {}

  /** @param isLast nothing more comes: the end is shown even where it looks unfinished */
  async show(text: string, isLast: boolean): Promise<void> {
    // The runtime shows another part of it than before, so that what is new cannot be told from what is not.
    if (this.broken || !text.startsWith(this.shown)) {
      this.broken = true;
      return;
    }
    const until = isLast || !text.endsWith(REPLACEMENT) ? text.length : text.length - 1;
    const fresh = text.slice(this.shown.length, until);
    if (fresh === '') return;
    this.shown += fresh;
    await this.run.output(this.stream, Buffer.from(fresh));
  }
}
