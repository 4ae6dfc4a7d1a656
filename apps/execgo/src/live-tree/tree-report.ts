import type { LiveReport, TaskEvent } from '@execgo/core';
import { plainLine } from '../terminal/plain-text.js';
import type { Style } from '../terminal/style.js';
import type { TerminalSize } from '../terminal/terminal-size.js';
import { GraphProgress } from './graph-progress.js';
import type { GraphReport } from './graph-report.js';
import { LiveDrawing } from './live-drawing.js';
import { treeLines } from './tree-lines.js';
import { type TreePlace, treeOrder } from './tree-order.js';

/** How often the tree is drawn, in milliseconds. */
const DRAW_EVERY_MS = 100;

export interface TreeReportOptions {
  readonly write: (text: string) => void;
  readonly size: () => TerminalSize;
  readonly style: Style;
  /** Whether the last drawing stays. */
  readonly keep: boolean;
}

/** A tree on a terminal, drawn in place. */
export class TreeReport implements GraphReport {
  private readonly progress = new GraphProgress();
  private readonly drawing: LiveDrawing;
  private readonly timer: NodeJS.Timeout;
  private order: readonly TreePlace[] = [];

  constructor(private readonly options: TreeReportOptions) {
    this.drawing = new LiveDrawing(options.write, options.size);
    this.timer = setInterval(() => this.draw(), DRAW_EVERY_MS);
  }

  tell(event: TaskEvent | LiveReport): void {
    this.progress.apply(event);
  }

  note(text: string): void {
    this.drawing.clear();
    this.options.write(`${plainLine(text)}\n`);
    this.draw();
  }

  end(): void {
    clearInterval(this.timer);
    if (this.options.keep) this.draw();
    else this.drawing.clear();
  }

  private draw(): void {
    const { size, style } = this.options;
    if (this.progress.size === 0) return;
    if (this.order.length !== this.progress.size) this.order = treeOrder([...this.progress.all]);
    this.drawing.draw(treeLines(this.progress, this.order, { size: size(), style, now: Date.now() }));
  }
}
