import { expectTypeOf, test } from 'vitest';
import type {
  ErrorCode,
  ExecGoError,
  Executor,
  Json,
  Kernel,
  RunErrorCode,
  SingleTaskEvent,
  Task,
  TaskEvent,
  TaskInput,
  TaskStatus,
  TaskStore,
} from '../src/index.js';
import { isExecGoError } from '../src/index.js';

test('an event is told by its type', () => {
  expectTypeOf<Extract<TaskEvent, { type: 'task_started' }>['attempt']>().toEqualTypeOf<number>();
  expectTypeOf<SingleTaskEvent['task_id']>().toEqualTypeOf<string>();
  expectTypeOf<Extract<SingleTaskEvent, { type: 'graph_submitted' }>>().toEqualTypeOf<never>();
});

test('records cannot be written to', () => {
  expectTypeOf<Readonly<Task>>().toEqualTypeOf<Task>();
  expectTypeOf<TaskStatus>().toEqualTypeOf<'pending' | 'running' | 'success' | 'failed' | 'skipped'>();
});

test('what a client may send for a task', () => {
  expectTypeOf<{ id: 'a'; type: 'os' }>().toExtend<TaskInput>();
  expectTypeOf<{ id: 'a'; type: 'os'; retry: null; params: { deep: [1] } }>().toExtend<TaskInput>();
  expectTypeOf<{ id: 'a'; type: 'os'; retry: '3' }>().not.toExtend<TaskInput>();
  expectTypeOf<{ id: 'a'; type: 'os'; on_interrupt: 'skip' }>().not.toExtend<TaskInput>();
});

test('JSON is neither undefined nor a function', () => {
  expectTypeOf<{ readonly a: readonly [1, null, { readonly b: string }] }>().toExtend<Json>();
  expectTypeOf<undefined>().not.toExtend<Json>();
  expectTypeOf<() => void>().not.toExtend<Json>();
});

test('isExecGoError narrows', () => {
  const error: unknown = undefined;
  if (isExecGoError(error, 'gone')) expectTypeOf(error).toEqualTypeOf<ExecGoError>();
  expectTypeOf<RunErrorCode>().toExtend<ErrorCode>();
});

test('an executor needs no more than category, tools and execute', () => {
  expectTypeOf<Pick<Executor, 'category' | 'tools' | 'execute'>>().toExtend<Executor>();
  expectTypeOf<Awaited<ReturnType<Kernel['get']>>>().toEqualTypeOf<Task>();
  expectTypeOf<Awaited<ReturnType<TaskStore['getMany']>>>().toEqualTypeOf<readonly (Task | undefined)[]>();
});
