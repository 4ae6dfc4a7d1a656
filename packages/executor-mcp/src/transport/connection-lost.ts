import { ExecGoError } from '@execgo/core';

/** The connection to a server broke, or could not be used. */
export class ConnectionLost extends ExecGoError {
  /**
   * @param wasSent whether the message may have reached the server; false only when it certainly did not
   */
  constructor(
    message: string,
    readonly wasSent: boolean,
    cause?: unknown,
  ) {
    super('external_failure', message, { retryable: !wasSent, cause });
    this.name = 'ConnectionLost';
  }
}

/**
 * A transport answers a request whose answer will never come with an error of this code, so that the call fails at once and
 * not at its timeout. From the range that JSON-RPC leaves to implementations, and used by no version of MCP.
 */
export const LOST_CODE = -32_099;
/** The same for an answer that came and was too long to be taken: the connection is whole. */
export const TOO_LONG_CODE = -32_098;
