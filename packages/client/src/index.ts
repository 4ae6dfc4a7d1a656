export type {
  GraphSummary,
  Json,
  JsonObject,
  OutputSize,
  OutputStream,
  SkillDetails,
  SkillSummary,
  TaskGraphInput,
  TaskInput,
  TaskStatus,
  WireEvent,
  WireLiveReport,
  WireProgress,
  WireReceipt,
  WireRunError,
  WireRuntime,
  WireTask,
  WireTaskSpec,
} from '@execgo/core';
export type {
  AdapterCalls,
  AdapterCapabilities,
  AdapterReceipt,
  AdapterRequest,
  AdapterTool,
  AdapterTools,
  AdapterTranslation,
  ToolFormat,
  TranslationTrace,
} from './adapter-calls.js';
export type { CallOptions } from './call-options.js';
export { createClient, type ExecGoClient } from './client.js';
export { type ClientOptions, DEFAULT_URL } from './client-options.js';
export {
  ExecGoClientError,
  ExecGoHttpError,
  ExecGoOptionError,
  ExecGoUnreachableError,
  type HttpErrorFacts,
} from './errors.js';
export type { EventCalls, EventFilter, WatchOptions } from './event-calls.js';
export type { GraphCalls } from './graph-calls.js';
export type { WaitOptions } from './long-poll.js';
export type {
  OutputBytes,
  OutputCalls,
  OutputItem,
  ReadOutputOptions,
  WireOutput,
  WireStreamOutput,
} from './output-calls.js';
export { DEFAULT_RETRY, type RetryOptions } from './retry-policy.js';
export type { Readiness, ServerCalls, WireHealth, WireMetrics } from './server-calls.js';
export type { SkillCalls } from './skill-calls.js';
export type {
  CancelOptions,
  SubmitOptions,
  TaskCalls,
  TaskFilter,
  TaskPageQuery,
  WaitResult,
  WireTaskPage,
} from './task-calls.js';
