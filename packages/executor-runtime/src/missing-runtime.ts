import { ExecGoError, type Executor } from '@execgo/core';
import { CATEGORY } from './runtime-tool.js';

/**
 * Stands for the category `runtime` where there is no runtime: its tasks are refused, with a sentence that says what to do, and
 * it has no tools and nothing to be ill of.
 *
 * @param remedy what whoever reads the refusal can do, such as the setting to give
 */
export function missingRuntime(remedy: string): Executor {
  const refusal = () =>
    new ExecGoError('denied', `tasks of type runtime need an execgo-runtime server, and none is configured: ${remedy}`);
  return {
    category: CATEGORY,
    tools: async () => [],
    check: () => {
      throw refusal();
    },
    execute: () => Promise.reject(refusal()),
  };
}
