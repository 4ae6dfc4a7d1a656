/** Codes a run can end with (the `code` of `runtime.error`, part of the wire contract). */
export const RUN_ERROR_CODES = [
  'unknown',
  'invalid_input',
  'launch_failed',
  'timeout',
  'cancelled',
  'memory_limit_exceeded',
  'cpu_limit_exceeded',
  'resource_limit_exceeded',
  'sandbox_setup_failed',
  'exit_nonzero',
  'denied',
  'not_found',
  'external_failure',
  'internal',
] as const;

/** Codes a call of the API can be refused with (the `code` of an error answer). `gone` is for events no longer kept. */
export const API_ERROR_CODES = [
  'invalid_input',
  'unauthenticated',
  'denied',
  'not_found',
  'conflict',
  'gone',
  'too_large',
  'unsupported_media_type',
  'resource_exhausted',
  'internal',
  'unavailable',
] as const;

export type RunErrorCode = (typeof RUN_ERROR_CODES)[number];
export type ApiErrorCode = (typeof API_ERROR_CODES)[number];
export type ErrorCode = RunErrorCode | ApiErrorCode;

export interface ErrorOptions {
  /** Whether trying the same again can help. Default: by code, true for `timeout`, `unavailable` and `resource_exhausted`. */
  readonly retryable?: boolean;
  /**
   * No further attempt of the task, whatever its `retry` says: the effect may have happened, or may still be happening.
   * @default false
   */
  readonly final?: boolean;
  /** Which part said so: `scheduler`, an executor's category, a tool's name. */
  readonly source?: string;
  /** Structured facts for a program; `details.result` of a run error keeps the output of the failed attempt. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('execgo.error');
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['timeout', 'unavailable', 'resource_exhausted']);

/** The one error type of ExecGo: a code a program can act on, and a message a stranger can act on. */
export class ExecGoError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly final: boolean;
  readonly source: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ExecGoError';
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.final = options.final ?? false;
    this.source = options.source;
    this.details = options.details;
  }

  get [BRAND](): true {
    return true;
  }
}

/** Recognises an ExecGoError also when it comes from another copy of this package. */
export function isExecGoError(error: unknown, code?: ErrorCode): error is ExecGoError {
  if (typeof error !== 'object' || error === null || (error as Record<symbol, unknown>)[BRAND] !== true) return false;
  return code === undefined || (error as ExecGoError).code === code;
}

/** An option that cannot be used: names the option, what was expected and what came. */
export class ConfigError extends ExecGoError {
  constructor(option: string, expected: string, received: unknown) {
    super('invalid_input', `option ${option}: expected ${expected}, got ${describe(received)}`, {
      details: { option },
    });
    this.name = 'ConfigError';
  }
}

/** The text of anything that was thrown, also of what has none: whoever asks is just dealing with a failure. */
export function errorMessage(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'something was thrown that has no text';
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
