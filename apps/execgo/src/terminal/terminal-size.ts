/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a terminal is taken for that does not tell its size. */
export const USUAL_SIZE: TerminalSize = { columns: 80, rows: 24 };
