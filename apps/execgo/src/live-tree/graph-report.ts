import type { LiveReport, TaskEvent } from '@execgo/core';

/** Tells a person how a graph goes while it runs. */
export interface GraphReport {
  tell(event: TaskEvent | LiveReport): void;
  /** A sentence besides, such as a warning. */
  note(text: string): void;
  /** The last word: nothing is told after it. */
  end(): void;
}
