import type { Attempt } from './attempt.js';

export interface AnswerTaker {
  onResult(attempt: Attempt, value: unknown): void;
  onError(attempt: Attempt, error: unknown): void;
}

/**
 * The two callbacks of an attempt's promise. They serve one attempt after another, because made anew they would cost as much
 * as the attempt itself. They are free again when the promise has settled, which for an abandoned attempt may be never.
 */
export class AnswerHandlers {
  private attempt: Attempt | undefined;

  private constructor(
    private readonly taker: AnswerTaker,
    private readonly free: AnswerHandlers[],
  ) {}

  /** Handlers for one attempt after another, from a common pool. */
  static pool(taker: AnswerTaker): (attempt: Attempt) => AnswerHandlers {
    const free: AnswerHandlers[] = [];
    return (attempt) => {
      const handlers = free.pop() ?? new AnswerHandlers(taker, free);
      handlers.attempt = attempt;
      return handlers;
    };
  }

  readonly onResult = (value: unknown): void => this.taker.onResult(this.release(), value);

  readonly onError = (error: unknown): void => this.taker.onError(this.release(), error);

  private release(): Attempt {
    const attempt = this.attempt as Attempt;
    this.attempt = undefined;
    this.free.push(this);
    return attempt;
  }
}
