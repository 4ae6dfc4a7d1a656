import { basename, join } from 'node:path';
import { errorMessage, isExecGoError, type StoreFinding, type StoreReport } from '@execgo/core';
import { DirectoryLock, type LockHolder } from '@execgo/store-lock';
import { temporaryName } from './checked-file.js';
import type { ResolvedOptions } from './options.js';
import { type PinnedStore, pinStore } from './read-store.js';
import { RECEIPTS_FILE } from './receipts-file.js';
import { STATE_FILE } from './state-file.js';
import { isMissing } from './store-errors.js';
import { readFilling, STORE_FILE } from './store-file.js';

const SEVERITIES = ['error', 'warning', 'note'] as const;
const RESTORE =
  'Restore the directory from a backup, or move it away to begin with an empty one; ask for help before you edit a file';

/** Looks at everything that a start looks at, and at what lies about, and changes nothing. */
export async function inspectStore(options: ResolvedOptions): Promise<StoreReport> {
  const { fileSystem, directory, receipts } = options;
  const facts: Record<string, string | number> = {};
  const findings: StoreFinding[] = [];
  try {
    const names = await fileSystem.list(directory);
    const holder = await findHolder(directory, findings);
    findings.push(...(await leftOvers(options, names)), ...(await quarantined(options, names)));
    if ((await readFilling(fileSystem, directory)) !== undefined) {
      findings.push(unfinished(directory));
    } else {
      const pinned = await pinStore(fileSystem, directory, receipts);
      try {
        Object.assign(facts, factsOf(pinned));
        findings.push(...judged(options, pinned, holder));
      } finally {
        await pinned.files.close();
      }
    }
  } catch (error) {
    findings.push(isMissing(error) ? nothingThere(directory) : failure(directory, error));
  }
  findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { place: directory, facts, findings };
}

async function findHolder(directory: string, findings: StoreFinding[]): Promise<LockHolder | undefined> {
  const file = join(directory, 'lock');
  try {
    const holder = await DirectoryLock.holder(directory);
    if (holder !== undefined) {
      findings.push({
        severity: 'note',
        message: `in use by pid ${holder.pid} on ${holder.host} since ${holder.since}`,
        file,
      });
    }
    return holder;
  } catch (error) {
    findings.push({
      severity: 'error',
      message: `the lock cannot be judged: ${errorMessage(error)}`,
      remedy: 'Look what the file is, and remove it when no server uses this directory',
      file,
    });
    return undefined;
  }
}

async function leftOvers({ directory }: ResolvedOptions, names: readonly string[]): Promise<readonly StoreFinding[]> {
  return [STATE_FILE, RECEIPTS_FILE, STORE_FILE]
    .map(temporaryName)
    .filter((name) => names.includes(name))
    .map((name) => ({
      severity: 'note',
      message: `${name} is a file that is being written, or whose writing was interrupted`,
      remedy: 'Nothing: the next start removes it',
      file: join(directory, name),
    }));
}

async function quarantined({ directory }: ResolvedOptions, names: readonly string[]): Promise<readonly StoreFinding[]> {
  return names
    .filter((name) => name.startsWith('.quarantine-'))
    .sort()
    .map((name) => ({
      severity: 'warning',
      message: `${name} holds bytes that an earlier start cut off: the end of a write that nobody was told of, or damage to the last one`,
      remedy: 'Look at it where you miss something, then remove it',
      file: join(directory, name),
    }));
}

function factsOf({ storeId, table, firstSeq, lastSeq, found, imported }: PinnedStore) {
  return {
    ...(storeId !== undefined && imported === undefined && { store_id: storeId }),
    tasks: table.size,
    receipts: [...table.allReceipts()].length,
    first_seq: firstSeq,
    last_seq: lastSeq,
    journal_bytes: found.scan.segments.reduce((sum, { bytes }) => sum + bytes, 0),
    journal_files: found.scan.segments.length,
    state_bytes: found.state?.bytes ?? 0,
  };
}

function judged(options: ResolvedOptions, pinned: PinnedStore, holder: LockHolder | undefined): StoreFinding[] {
  const { directory, warnStateBytes } = options;
  const { found, imported, table } = pinned;
  const findings: StoreFinding[] = [];
  if (pinned.storeId === undefined) findings.push(nothingThere(directory));
  if (imported !== undefined) {
    findings.push({
      severity: 'note',
      message: `${STATE_FILE} was written by another program, such as version 1: its ${table.size} tasks are taken over by the next start`,
      remedy: 'Keep a copy of the file until you have looked at the tasks',
      file: join(directory, STATE_FILE),
    });
  }
  const torn = found.scan.torn;
  const last = found.scan.segments.at(-1);
  // While somebody writes, the end of the newest file may be a line that is on its way.
  if (torn !== undefined && last !== undefined && holder === undefined) {
    findings.push({
      severity: 'warning',
      message: `${last.name}: ${torn.what}: the end of a write that nobody was told of`,
      remedy: `Nothing: the next start cuts it off from byte ${last.bytes} on, keeps the bytes as .quarantine-* and goes on with seq ${pinned.lastSeq + 1}`,
      file: join(directory, last.name),
      offset: torn.offset,
    });
  }
  const bytes = found.state?.bytes ?? 0;
  if (bytes > warnStateBytes) {
    findings.push({
      severity: 'warning',
      message: `${STATE_FILE} holds ${bytes} bytes, all of which are in memory too while the store is open`,
      remedy: 'Set a retention, or move to another store with execgo migrate',
      file: join(directory, STATE_FILE),
    });
  }
  return findings;
}

function unfinished(directory: string): StoreFinding {
  return {
    severity: 'error',
    message: 'a copy into this directory was begun and not finished, so it is no store yet',
    remedy: 'Run the same command again to finish it, or remove the directory',
    file: join(directory, STORE_FILE),
  };
}

function nothingThere(directory: string): StoreFinding {
  return {
    severity: 'note',
    message: `there is no store in ${directory} yet`,
    remedy: 'Nothing: the first start makes one',
  };
}

function failure(directory: string, error: unknown): StoreFinding {
  if (isExecGoError(error, 'not_found')) return nothingThere(directory);
  const { file, offset, what } = isExecGoError(error) ? (error.details ?? {}) : {};
  if (typeof file !== 'string' || typeof what !== 'string') {
    return {
      severity: 'error',
      message: `the store cannot be read: ${errorMessage(error)}`,
      remedy: 'See that the directory and its files belong to the user who runs execgo',
    };
  }
  return {
    severity: 'error',
    message: `${basename(file)}: ${what}`,
    remedy: RESTORE,
    file,
    ...(typeof offset === 'number' && { offset }),
  };
}
