/** A piece of an append on its way to the writer: up to some thousand events. */
export interface AppendPart {
  /** Events as JSON, one a line, without a line feed at the end; empty for none. */
  readonly lines: string;
  /** False while more of the same append is to come. */
  readonly isLast: boolean;
}

/** The rest of an append cannot be had: what came of it is taken back. */
export interface AppendAborted {
  readonly aborted: string;
}

/** These appends, the oldest that were not yet answered, are durable. */
export interface Committed {
  readonly appends: number;
  readonly lastSeq: number;
}

/** The last answer: no append after those committed was taken, and none will be. */
export interface WriterFailed {
  readonly failed: { readonly isRefusal: boolean; readonly message: string };
}

export type ToWriter = AppendPart | AppendAborted;
export type FromWriter = Committed | WriterFailed;
