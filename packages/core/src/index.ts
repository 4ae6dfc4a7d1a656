export { applyEvent, MAX_CRASH_RESETS } from './apply-event.js';
export { ByteBlocks } from './byte-blocks.js';
export {
  API_ERROR_CODES,
  type ApiErrorCode,
  ConfigError,
  type ErrorCode,
  type ErrorOptions,
  ExecGoError,
  errorMessage,
  isExecGoError,
  RUN_ERROR_CODES,
  type RunErrorCode,
} from './errors.js';
export {
  type GraphSubmitted,
  type LiveReport,
  MAX_PROGRESS_ENTRIES,
  type ReceiptSeed,
  type ReportsDropped,
  type SingleTaskEvent,
  type TaskAccepted,
  type TaskCancelled,
  type TaskDeleted,
  type TaskEvent,
  type TaskEventType,
  type TaskFailed,
  type TaskOutput,
  type TaskProgressed,
  type TaskReset,
  type TaskRetried,
  type TaskSkipped,
  type TaskStarted,
  type TaskSubmitted,
  type TaskSucceeded,
} from './event.js';
export { EventEncoder, quote, reviveEvent } from './event-text.js';
export { goDuration } from './go-duration.js';
export {
  EXTERNAL,
  type IndexedTasks,
  type IsKnown,
  indexTasks,
  linkGraph,
  type TaskGraph,
  unknownType,
  validateGraph,
} from './graph.js';
export {
  isJsonObject,
  type Json,
  type JsonLimits,
  type JsonObject,
  jsonDepth,
  jsonSize,
  setOwn,
  toPlainJson,
  utf8Length,
} from './json.js';
export { type NormalisedType, normaliseType } from './legacy-type.js';
export { MemoryOutputStore, type MemoryOutputStoreOptions } from './memory-output-store.js';
export { MemoryStore, type MemoryStoreOptions } from './memory-store.js';
export { type ParsedGraph, parseGraph, type TaskGraphInput } from './parse-graph.js';
export { parseTask } from './parse-task.js';
export type { Clock } from './ports/clock.js';
export type { Executor, RunContext, Tool, ToolAnnotations } from './ports/executor.js';
export type {
  CancelOptions,
  GraphSummary,
  Histogram,
  Kernel,
  KernelHealth,
  KernelStats,
  KernelTool,
  OutputItem,
  OutputPosition,
  OutputRange,
  OutputSize,
  SubmitOptions,
  SubmitReceipt,
  TaskOutputState,
  WaitOptions,
  WatchOptions,
  WatchOutputOptions,
} from './ports/kernel.js';
export {
  DEFAULT_OUTPUT_MAX_BYTES,
  type MissingBytes,
  OUTPUT_STREAMS,
  type OutputKey,
  type OutputStore,
  type OutputStream,
  type StoredOutput,
  type StreamSize,
} from './ports/output-store.js';
export type { Runner } from './ports/runner.js';
export type {
  SkillCatalogue,
  SkillDetails,
  SkillFile,
  SkillFileContent,
  SkillSummary,
} from './ports/skill-catalogue.js';
export type {
  CopyProgress,
  KeptReceipt,
  StoreContents,
  StoreFinding,
  StoreMaintenance,
  StoreReport,
} from './ports/store-maintenance.js';
export {
  type EventQuery,
  type FinishedPage,
  type FinishedQuery,
  type FinishedTask,
  MAX_PAGE_BYTES,
  type OpenedStore,
  RECEIPT_RETENTION,
  type Receipt,
  type ReceiptRetention,
  type TaskPage,
  type TaskQuery,
  type TaskStore,
} from './ports/task-store.js';
export {
  atPointer,
  checkReferences,
  findReferences,
  isReference,
  RESOLVED_INPUT_LIMITS,
  type Reference,
  resolveReferences,
} from './reference.js';
export { mayRetry, retryDelayMs } from './retry-policy.js';
export { formatTime, parseTime } from './rfc3339.js';
export { inTurns, nextTurn, runSliced, SLICE_TASKS, type Sliced } from './slices.js';
export type { StagedEvents } from './staged-events.js';
export { backgroundClock, systemClock } from './system-clock.js';
export type { TableCut } from './table-cuts.js';
export {
  isTerminal,
  type OnInterrupt,
  type ProgressEntry,
  type RunStatus,
  type RuntimeError,
  TASK_STATUSES,
  Task,
  TaskRuntime,
  TaskSpec,
  type TaskStatus,
} from './task.js';
export { CLIENT_FIELDS, SERVER_FIELDS, withinEdits } from './task-fields.js';
export {
  invalidJson,
  isValidId,
  kindOf,
  MAX_ID_LENGTH,
  MAX_INPUT_DEPTH,
  MAX_RETRY,
  PRIORITY_RANGE,
  type TaskInput,
  TaskInputSchema,
} from './task-schema.js';
export { TaskTable } from './task-table.js';
export { type AnyStatus, isLegal, statusAfter, TRANSITIONS } from './transition.js';
export {
  type AssignedSeqs,
  eventToWire,
  fromWire,
  progressToWire,
  specFromWire,
  specToWire,
  toStored,
  toWire,
} from './wire.js';
export type { WireEvent, WireLiveReport } from './wire-event.js';
export type {
  WireProgress,
  WireReceipt,
  WireRunError,
  WireRuntime,
  WireTask,
  WireTaskSpec,
} from './wire-task.js';
