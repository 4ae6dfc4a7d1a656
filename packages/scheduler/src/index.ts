export { type ResolvedSchedulerOptions, resolveSchedulerOptions, type SchedulerOptions } from './options.js';
export type { RecoverySummary } from './recovery.js';
export { createScheduler, Scheduler, type StopOptions } from './scheduler.js';
export { systemClock } from './system-clock.js';
