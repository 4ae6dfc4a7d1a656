import type { Json } from './json.js';
import type { OutputStream } from './ports/output-store.js';
import type { WireProgress, WireRunError, WireTaskSpec } from './wire-task.js';

type Fact<Type extends string, Data> = {
  /** Place in the one sequence of the store. */
  readonly seq: number;
  readonly type: Type;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly graph_id: string;
} & Data;
type TaskFact<Type extends string, Data> = Fact<Type, { readonly task_id: string } & Data>;
type Ended = { readonly result?: Json; readonly details?: Json; readonly progress?: readonly WireProgress[] };

/** A durable event as the wire carries it; `type` says what is in `data`. */
export type WireEvent =
  | Fact<'graph_submitted', { readonly data?: { readonly actor?: string } }>
  | TaskFact<'task_submitted', { readonly data: { readonly task: WireTaskSpec } }>
  | TaskFact<'task_started', { readonly data: { readonly attempt: number } }>
  | TaskFact<'task_accepted', { readonly handle_id: string }>
  | TaskFact<
      'task_retried',
      {
        readonly data: {
          /** The attempt that failed. */
          readonly attempt: number;
          readonly error: WireRunError;
          readonly result?: Json;
          /** RFC 3339. */
          readonly not_before: string;
        };
      }
    >
  | TaskFact<'task_reset', { readonly data: { readonly reason: 'shutdown' | 'crash' } }>
  | TaskFact<'task_succeeded', { readonly data?: Ended }>
  | TaskFact<'task_failed', { readonly data: Ended & { readonly error: WireRunError } }>
  | TaskFact<'task_cancelled', { readonly data: Ended & { readonly error: WireRunError; readonly actor?: string } }>
  | TaskFact<'task_skipped', { readonly data: { readonly dependency: string; readonly because: 'failed' | 'skipped' } }>
  | TaskFact<'task_deleted', { readonly data?: { readonly actor?: string } }>;

/** What a running attempt tells at once, as the wire carries it: no seq, never replayed. */
export type WireLiveReport =
  | {
      readonly type: 'task_progressed';
      readonly timestamp: string;
      readonly task_id: string;
      readonly graph_id: string;
      readonly message?: string;
      /** Whatever the executor gave with the note. */
      readonly data?: Json;
    }
  | {
      readonly type: 'task_output';
      readonly timestamp: string;
      readonly task_id: string;
      readonly graph_id: string;
      readonly data: { readonly attempt: number; readonly stream: OutputStream; readonly chunk: string };
    }
  | {
      readonly type: 'reports_dropped';
      readonly timestamp: string;
      readonly data: { readonly dropped: number };
    };
