import { stripVTControlCharacters } from 'node:util';
import type { TerminalSize } from '../terminal/terminal-size.js';
import { textWidth } from '../terminal/text-width.js';

const CLEAR_BELOW = '\u001b[0J';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** Lines at the bottom of a terminal that are drawn over again and again; what scrolls above them stays. */
export class LiveDrawing {
  private drawn: readonly string[] = [];

  constructor(
    private readonly write: (text: string) => void,
    private readonly size: () => TerminalSize,
  ) {}

  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join('');
    this.write(HIDE_CURSOR + this.back() + CLEAR_BELOW + text + SHOW_CURSOR);
    this.drawn = lines;
  }

  /** Takes what is drawn away; the next drawing begins there. */
  clear(): void {
    if (this.drawn.length > 0) this.write(this.back() + CLEAR_BELOW);
    this.drawn = [];
  }

  /** To where the drawing began: a terminal that was made narrower since has wrapped lines of it. */
  private back(): string {
    const { columns } = this.size();
    let rows = 0;
    for (const line of this.drawn) rows += Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / columns));
    return rows === 0 ? '' : `\u001b[${rows}A\r`;
  }
}
