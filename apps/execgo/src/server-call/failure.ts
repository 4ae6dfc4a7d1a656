import { ExecGoHttpError, ExecGoOptionError, ExecGoUnreachableError } from '@execgo/client';
import { errorMessage, isExecGoError } from '@execgo/core';
import { EXIT } from '../exit-status.js';
import type { CommandFailure } from '../json-result.js';
import { SettingsError } from '../settings/settings-error.js';
import { CHOOSE_ANOTHER_PORT, isPortBlocked } from './blocked-port.js';

export interface FailedCall {
  /** For programs. */
  readonly failure: CommandFailure;
  /** For people. */
  readonly text: string;
  readonly status: number;
}

const START_IT = 'start one here with: execgo ensure-running';
const HINTS: ReadonlyMap<number, string> = new Map([
  [401, 'this server asks for a token: EXECGO_TOKEN or --token-file'],
  [403, 'the token does not allow that, or the server does not'],
]);

/** What a call that failed comes to. @throws the error where it is none of a call: arguments, settings, a defect */
export function failedCall(error: unknown): FailedCall {
  if (error instanceof ExecGoHttpError) return refusal(error);
  if (error instanceof ExecGoUnreachableError) {
    const { message } = error;
    const hint = isPortBlocked(error) ? CHOOSE_ANOTHER_PORT : START_IT;
    return {
      failure: { message, hint },
      text: `${message}\n${hint}`,
      status: EXIT.unreachable,
    };
  }
  if (error instanceof ExecGoOptionError) throw new SettingsError(error.message, { cause: error });
  if (!isExecGoError(error) || error instanceof SettingsError) throw error;
  const message = errorMessage(error);
  return { failure: { message }, text: message, status: EXIT.failed };
}

function refusal({ message, status, body }: ExecGoHttpError): FailedCall {
  // An answer of 2xx that is none: its message alone says what is wrong with it.
  const isRefusal = status >= 300;
  const hint = HINTS.get(status);
  return {
    failure: {
      message: isRefusal ? `HTTP ${status}` : message,
      status_code: status,
      body,
      ...(hint !== undefined && { hint }),
    },
    text: [isRefusal ? `HTTP ${status}: ${message}` : message, hint].filter((line) => line !== undefined).join('\n'),
    status: EXIT.failed,
  };
}
