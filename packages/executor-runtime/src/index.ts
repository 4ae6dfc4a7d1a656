export { missingRuntime } from './missing-runtime.js';
export type { RuntimeClock, RuntimeExecutorOptions } from './options.js';
export { createRuntimeExecutor, type RuntimeExecutor } from './runtime-executor.js';
