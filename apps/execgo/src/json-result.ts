import { ConfigError, errorMessage } from '@execgo/core';
import type { CliContext } from './commands/command.js';
import { SettingsError } from './settings/settings-error.js';

const OK = 0;
const FAILED = 1;

/** What a command that failed tells on stdout. */
export interface CommandFailure {
  readonly message: string;
  /** Of HTTP. */
  readonly status_code?: number;
  readonly body?: unknown;
  /** What can be done. */
  readonly hint?: string;
}

/**
 * Runs a command whose stdout is one JSON object: `{"ok":true,"data":…}`, or `{"ok":false,"error":{message, …}}` and exit
 * status 1. What the caller got wrong (arguments, settings) is not caught: that is told on stderr, with status 2.
 */
export async function withJsonResult(
  { stdout }: CliContext,
  run: () => Promise<unknown>,
  hintFor: (error: unknown) => string | undefined = () => undefined,
): Promise<number> {
  try {
    stdout(`${JSON.stringify({ ok: true, data: await run() })}\n`);
    return OK;
  } catch (error) {
    if (error instanceof SettingsError || error instanceof ConfigError) throw error;
    const hint = hintFor(error);
    return failWith({ stdout }, { message: errorMessage(error), ...(hint !== undefined && { hint }) });
  }
}

export function failWith(
  { stdout }: Pick<CliContext, 'stdout'>,
  error: CommandFailure,
  status: number = FAILED,
): number {
  stdout(`${JSON.stringify({ ok: false, error })}\n`);
  return status;
}
