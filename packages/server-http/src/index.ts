export { createApp } from './app.js';
export {
  type AppOptions,
  DEFAULT_LIMITS,
  type Door,
  type DoorContext,
  type LimitOptions,
  type ServerClock,
} from './app-options.js';
export { STATUS_OF } from './error-answer.js';
export type { HttpLogger } from './logger.js';
export type { Metric } from './metric.js';
export { type RunningServer, serve } from './serve.js';
export { DEFAULT_SERVE_OPTIONS, type ServeOptions } from './serve-options.js';
