import type { Executor } from '@execgo/core';
import { SettingsError } from '../settings/settings-error.js';
import type { CreateExecutor, DriverSettings } from './driver-settings.js';
import { loadDriver } from './load-driver.js';

export interface ExecutorPackages {
  readonly executors: readonly Executor[];
  /** Folders of the packages. */
  readonly folders: readonly string[];
}

/**
 * The executors of the packages named by `--executor`, in that order.
 *
 * @throws SettingsError for a package that is missing or whose `createExecutor` gives no executor
 */
export async function loadExecutors(
  names: readonly string[],
  settings: DriverSettings,
  cwd: string,
): Promise<ExecutorPackages> {
  const executors: Executor[] = [];
  const folders: string[] = [];
  for (const name of names) {
    const { make, folder } = await loadDriver('--executor', name, 'createExecutor', cwd);
    const made = await (make as CreateExecutor)(settings);
    executors.push(...[made].flat().map((executor: unknown) => checked(executor, name)));
    folders.push(folder);
  }
  return { executors, folders };
}

function checked(executor: unknown, name: string): Executor {
  const { category, tools, execute } = (executor ?? {}) as Partial<Executor>;
  if (typeof category === 'string' && typeof tools === 'function' && typeof execute === 'function') {
    return executor as Executor;
  }
  throw new SettingsError(`--executor ${name}: its createExecutor gave something without category, tools and execute`);
}
