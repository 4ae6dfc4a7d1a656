/** Takes what an operator may want to see; a pino logger fits. */
export interface McpLogger {
  /** What clients got wrong, and answers that nobody waited for: the daily life of a server. */
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** A defect, on this side. */
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Errors as lines on stderr: nothing goes unseen where no logger was given. */
export const stderrLogger: McpLogger = {
  debug() {},
  error(fields, message) {
    console.error(message, fields);
  },
};
