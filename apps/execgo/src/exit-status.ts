/** What the commands that agents call end with; fixed since version 1. */
export const EXIT = {
  ok: 0,
  /** Input that cannot be read, or a refusal of the server. */
  failed: 1,
  /** Arguments or settings that cannot be used. */
  usage: 2,
  /** The time was over before everything had ended. */
  timedOut: 3,
  /** The server cannot be reached. */
  unreachable: 4,
  /** The runtime cannot be reached. */
  runtimeUnreachable: 5,
} as const;
