import { resolve } from 'node:path';
import { ConfigError, DEFAULT_OUTPUT_MAX_BYTES } from '@execgo/core';

export interface OutputFilesOptions {
  /** Folder of the files, made where it is not there. It belongs to this store alone. */
  readonly directory: string;
  /** How much is kept of one attempt, both streams together, in bytes; the rest is counted. @default 64 MiB */
  readonly maxBytesPerAttempt?: number;
}

/** @throws ConfigError for an option that cannot be used */
export function resolveOptions(options: OutputFilesOptions): Required<OutputFilesOptions> {
  const { directory, maxBytesPerAttempt = DEFAULT_OUTPUT_MAX_BYTES } = options;
  if (typeof directory !== 'string' || directory === '') throw new ConfigError('directory', 'a path', directory);
  if (!Number.isSafeInteger(maxBytesPerAttempt) || maxBytesPerAttempt < 0) {
    throw new ConfigError('maxBytesPerAttempt', 'a whole number, 0 or more', maxBytesPerAttempt);
  }
  return { directory: resolve(directory), maxBytesPerAttempt };
}
