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

const RAW_CONTROLS = /[\u007f-\u009f]/g;

/** JSON that is safe on a terminal: the controls that JSON leaves as they are (DEL and C1) are escaped as well. */
export function jsonText(value: unknown, indent?: number): string {
  // Outside its strings JSON has none of them.
  return JSON.stringify(value, null, indent).replace(
    RAW_CONTROLS,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function jsonLine(value: unknown): string {
  return `${jsonText(value)}\n`;
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
    stdout(jsonLine({ ok: true, data: await run() }));
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
  stdout(jsonLine({ ok: false, error }));
  return status;
}
