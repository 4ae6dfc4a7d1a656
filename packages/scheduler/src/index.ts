export { systemClock } from '@execgo/core';
export {
  type ResolvedRetention,
  type ResolvedSchedulerOptions,
  type RetentionOptions,
  resolveSchedulerOptions,
  type SchedulerOptions,
} from './options.js';
export type { RecoverySummary } from './recovery.js';
export type { RetentionSweep } from './retention.js';
export { createScheduler, Scheduler, type StopOptions } from './scheduler.js';
