/** Takes what an operator has to see; a pino logger fits. */
export interface GrpcLogger {
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Errors as lines on stderr: nothing goes unseen where no logger was given. */
export const stderrLogger: GrpcLogger = {
  error(fields, message) {
    console.error(message, fields);
  },
};
