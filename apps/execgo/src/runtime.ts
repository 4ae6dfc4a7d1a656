import { type Executor, isExecGoError } from '@execgo/core';
import { createRuntimeExecutor, missingRuntime } from '@execgo/executor-runtime';
import { SettingsError } from './settings/settings-error.js';
import type { Settings } from './settings/table.js';

const REMEDY = 'start ExecGo with --runtime-url (or EXECGO_RUNTIME_URL)';

/** What serves tasks of type `runtime`. */
export interface RuntimeService {
  readonly executor: Executor;
  /** `host:port` of the runtime; undefined where none is configured, and its tasks are refused. */
  readonly address: string | undefined;
}

/** @throws SettingsError for a URL, tenant or owner that cannot be used; the URL is not repeated */
export function runtimeService({ runtimeUrl, runtimeTenant, runtimeOwner }: Settings): RuntimeService {
  if (runtimeUrl === undefined) return { executor: missingRuntime(REMEDY), address: undefined };
  try {
    const executor = createRuntimeExecutor({
      url: runtimeUrl,
      ...(runtimeTenant !== undefined && { tenant: runtimeTenant }),
      ...(runtimeOwner !== undefined && { owner: runtimeOwner }),
    });
    return { executor, address: executor.address };
  } catch (error) {
    if (!isExecGoError(error, 'invalid_input')) throw error;
    throw new SettingsError(`--runtime-url, --runtime-tenant, --runtime-owner: ${error.message}`);
  }
}
