import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StoreFinding } from '@execgo/core';
import type { Check, CheckResult } from './examine.js';

/** Free space below which a person should know, in bytes: a start and a snapshot write the whole state once more. */
const LOW_SPACE_BYTES = 1024 ** 3;
const OTHERS = 0o077;

/** The folder of the store, and that of its database where it is another: that it can be written to, that others cannot read it, and how much room is left. */
export const dataDirCheck: Check = {
  name: 'data directory',
  async run({ place, resolved }): Promise<CheckResult> {
    if (place.kind === 'memory') return { findings: [] };
    const { dataDir } = resolved.settings;
    const ofDatabase = place.kind === 'sqlite' ? dirname(place.path) : dataDir;
    const data = await look(dataDir);
    if (ofDatabase === dataDir) return { facts: { data_dir: dataDir, free_bytes: data.free }, findings: data.findings };
    const database = await look(ofDatabase);
    return {
      facts: { data_dir: dataDir, free_bytes: data.free, database_dir: ofDatabase, database_free_bytes: database.free },
      findings: [...data.findings, ...database.findings],
    };
  },
};

async function look(directory: string): Promise<{ readonly free: number; readonly findings: readonly StoreFinding[] }> {
  const folder = await nearestThere(directory);
  const findings: StoreFinding[] = [];
  if (!(await stat(folder)).isDirectory()) {
    const remedy = 'Name another one with --data-dir (--sqlite-path), or move the file away';
    return {
      free: 0,
      findings: [{ severity: 'error', message: `${folder} is not a directory`, remedy, file: folder }],
    };
  }
  if (!(await isWritable(folder))) findings.push(notWritable(folder));
  if (folder === directory) findings.push(...(await openToOthers(folder)));
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < LOW_SPACE_BYTES) findings.push(littleSpace(folder, free));
  return { free, findings };
}

/** The folder, or the next one above that exists: the first start makes the rest. */
async function nearestThere(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || path === dirname(path) ? path : nearestThere(dirname(path));
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function openToOthers(folder: string): Promise<readonly StoreFinding[]> {
  const { mode } = await stat(folder);
  // Windows has no such bits.
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return [];
  return [
    {
      severity: 'warning',
      message: `other users can get into it (mode ${(mode & 0o777).toString(8)}): inputs and results of tasks may hold secrets`,
      remedy: `chmod 700 ${folder}`,
      file: folder,
    },
  ];
}

function notWritable(folder: string): StoreFinding {
  return {
    severity: 'error',
    message: 'this user cannot write to it',
    remedy: 'Give the directory to the user who runs execgo, or name another one with --data-dir (--sqlite-path)',
    file: folder,
  };
}

function littleSpace(folder: string, free: number): StoreFinding {
  return {
    severity: 'warning',
    message: `only ${Math.floor(free / 1024 ** 2)} MiB are free on its disk: a full disk stops the store`,
    remedy: 'Make room, or lower --event-retention and --output-max',
    file: folder,
  };
}
