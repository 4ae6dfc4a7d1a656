import { mkdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { ExecGoError } from '@execgo/core';
import type { ToolSources } from './project-files.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import { SettingsError } from './settings/settings-error.js';
import type { Settings } from './settings/table.js';

/** @throws SettingsError for a workspace that lies in the data folder; ExecGoError when it cannot be made */
export function makeWorkspace({ workspace, dataDir }: Settings): void {
  if (workspace === dataDir || workspace.startsWith(dataDir + sep)) {
    throw new SettingsError(
      `--workspace ${workspace} lies in the folder of the store, ${dataDir}, which no task may touch: choose another one`,
    );
  }
  try {
    mkdirSync(workspace, { recursive: true });
  } catch (cause) {
    const problem = `the workspace ${workspace} cannot be made: ${(cause as Error).message}`;
    throw new ExecGoError('unavailable', problem, { cause });
  }
}

/** What no task may touch though it may lie in the workspace: the store, the settings, the token, skills, the code of drivers. */
export function protectedPaths(
  { settings, configFile }: ResolvedSettings,
  { mcpConfigs, skillsDirs }: ToolSources,
  driverFolders: readonly (string | undefined)[],
): readonly string[] {
  const skills = skillsDirs.map(({ path }) => path);
  const database = settings.sqlitePath === undefined ? [] : databaseFiles(settings.sqlitePath);
  const paths = [
    settings.dataDir,
    ...database,
    configFile,
    settings.tokenFile,
    settings.grpcTlsKey,
    ...mcpConfigs,
    ...skills,
    ...driverFolders,
  ];
  return paths.filter((path) => path !== undefined);
}

/** A database of SQLite with the files that it has beside it while it is open, and the lock of its folder. */
function databaseFiles(file: string): readonly string[] {
  const beside = ['-wal', '-shm', '-journal'].map((suffix) => file + suffix);
  return [file, ...beside, join(dirname(file), 'lock')];
}
