import { createRuntimeExecutor } from '@execgo/executor-runtime';

// For `createScheduler({ executors: [runtime] })`.
export const runtime = createRuntimeExecutor({
  url: process.env.EXECGO_RUNTIME_URL ?? 'http://127.0.0.1:18080',
  owner: 'my-agents',
});
