import { type Clock, ConfigError } from '@execgo/core';
import { type RuntimeTarget, runtimeTarget } from './runtime-target.js';

export interface RuntimeExecutorOptions {
  /** Address of the execgo-runtime server: `http(s)://[user:password@]host[:port][/prefix]`. */
  readonly url: string;
  /** `control_context.tenant` of tasks that name none. @default none */
  readonly tenant?: string;
  /** `control_context.owner` of tasks that name none: the runtime lets nobody else kill them. @default none */
  readonly owner?: string;
  /** Milliseconds for the runtime to answer one request. @default 5,000 */
  readonly requestTimeoutMs?: number;
  /** How often a request is repeated that got no answer, 429 or 5xx. @default 3 */
  readonly requestRetries?: number;
  /** Pause between two looks at a run at its start, in milliseconds; it grows by half each time. @default 50 */
  readonly pollMinMs?: number;
  /** The longest such pause. @default 2,000 */
  readonly pollMaxMs?: number;
  /** How long the runtime may be out of reach before a run that it has is given up, in milliseconds. @default 30,000 */
  readonly outageMs?: number;
  /** How long an aborted run is waited for to end, in milliseconds from the abort. @default 8,000 */
  readonly killWaitMs?: number;
  /** Largest answer that is read, in bytes. @default 16 MiB */
  readonly maxAnswerBytes?: number;
  /** Bytes of a stream that a result holds; also what the runtime is asked for where the task does not say. @default 1 MiB */
  readonly maxOutputBytes?: number;
  /** Connections to the runtime at once. @default 16 */
  readonly connections?: number;
  /** @default the time of this process */
  readonly clock?: RuntimeClock;
}

/** What the executor reads time from: a `Clock` fits. */
export type RuntimeClock = Pick<Clock, 'monotonic' | 'after'>;

const DEFAULTS = {
  requestTimeoutMs: 5_000,
  requestRetries: 3,
  pollMinMs: 50,
  pollMaxMs: 2_000,
  outageMs: 30_000,
  // Less than the ten seconds after which the scheduler abandons an attempt that ignores its signal.
  killWaitMs: 8_000,
  maxAnswerBytes: 16 * 1024 * 1024,
  maxOutputBytes: 1024 * 1024,
  connections: 16,
} as const;
type Numbers = Readonly<Record<keyof typeof DEFAULTS, number>>;
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['requestRetries', 'outageMs']);

/** Every option with its value. */
export interface ResolvedRuntimeOptions extends Numbers {
  readonly target: RuntimeTarget;
  readonly tenant: string | undefined;
  readonly owner: string | undefined;
  readonly clock: RuntimeClock;
}

/** @throws ConfigError naming the option, what was expected and what came */
export function resolveRuntimeOptions(options: RuntimeExecutorOptions): ResolvedRuntimeOptions {
  return {
    ...numbersOf(options),
    target: runtimeTarget(options.url),
    tenant: label('tenant', options.tenant),
    owner: label('owner', options.owner),
    clock: options.clock ?? { monotonic: () => performance.now(), after },
  };
}

function numbersOf(options: RuntimeExecutorOptions): Numbers {
  const numbers: Record<string, number> = {};
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const value = options[name as keyof typeof DEFAULTS] ?? fallback;
    const least = MAY_BE_ZERO.has(name) ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new ConfigError(name, `an integer of at least ${least}`, value);
    }
    numbers[name] = value;
  }
  if ((numbers.pollMaxMs as number) < (numbers.pollMinMs as number)) {
    throw new ConfigError('pollMaxMs', `at least pollMinMs (${numbers.pollMinMs})`, numbers.pollMaxMs);
  }
  return numbers as unknown as Numbers;
}

/** Goes into a header, so that it holds no more than a header can. */
function label(name: string, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (!/^[\x21-\x7e]+$/.test(value)) throw new ConfigError(name, 'visible ASCII characters without spaces', value);
  return value;
}

function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
