import { ExecGoError } from '@execgo/core';

/** A setting that cannot be used. The message names it as it was given: the flag, the variable, or the key and its file. */
export class SettingsError extends ExecGoError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('invalid_input', message, { source: 'settings', ...options });
    this.name = 'SettingsError';
  }
}
