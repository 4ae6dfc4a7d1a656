import { createHash, randomBytes } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecGoError, isJsonObject } from '@execgo/core';
import { isListenedTo, listenAt } from './liveness-socket.js';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';
import { systemCode } from './system-code.js';

const LOCK = 'lock';
const TOKEN_DIGITS = 16;
const TOKEN = /^[0-9a-f]{16}$/;

interface Owner extends ProcessIdentity {
  /** Random; names the owner's socket and whoever takes over from it. */
  readonly token: string;
  /** RFC 3339. */
  readonly since: string;
  /** Whether the owner listens on its socket, so that its end can be told from anywhere on this machine. */
  readonly listens: boolean;
  /**
   * The file has no content: it is complete before it has its name, but not flushed, so that a power cut may leave the name
   * alone (a store flushes this directory), and took its owner with it.
   */
  readonly isLost?: true;
}

/** Who has a directory, as far as people are told. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** RFC 3339. */
  readonly since: string;
}

/**
 * The one writer of a directory, until `release` or the end of this process, whichever way it ends.
 *
 * `lock` names the owner. Whoever finds that owner gone links its own file as `lock.<token of the owner that is gone>`, which
 * only one can (link(2) fails where the name is taken), looks that `lock` is still the one it judged, and renames its own over
 * it. So a chain `lock` → `lock.a` → `lock.b` leads to the newest owner also when one died on the way.
 */
export class DirectoryLock {
  private constructor(
    private readonly directory: string,
    private readonly owner: Owner,
    private readonly stopListening: (() => Promise<void>) | undefined,
  ) {}

  /** @throws ExecGoError `unavailable` naming the owner */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const token = randomBytes(TOKEN_DIGITS / 2).toString('hex');
    const stopListening = await listenAt(directory, socketName(token));
    const owner: Owner = {
      ...ownIdentity(),
      token,
      since: new Date().toISOString(),
      listens: stopListening !== undefined,
    };
    const lock = new DirectoryLock(directory, owner, stopListening);
    try {
      await lock.take();
      return lock;
    } catch (error) {
      await lock.stop();
      throw error;
    }
  }

  /**
   * Who has the directory now; undefined when nobody has. Nothing is taken and nothing changed. A lock that another machine
   * left counts as held, as it does for `acquire`.
   *
   * @throws ExecGoError `unavailable` where the lock is none of ours, the error of `node:fs` where it cannot be read
   */
  static async holder(directory: string): Promise<LockHolder | undefined> {
    const nobody = { ...ownIdentity(), token: '', since: '', listens: false };
    const looking = new DirectoryLock(directory, nobody, undefined);
    for (;;) {
      const first = await looking.read(LOCK);
      if (first === undefined) return undefined;
      for (
        let owner: Owner | undefined = first;
        owner !== undefined;
        owner = await looking.read(successorName(owner))
      ) {
        if ((await looking.lives(owner)) !== 'no') return { pid: owner.pid, host: owner.host, since: owner.since };
      }
      // Whoever takes over changes `lock` before the names of those who are gone go.
      if (await looking.isStill(first)) return undefined;
    }
  }

  /** Lets the next one in. */
  async release(): Promise<void> {
    await unlink(this.path(LOCK)).catch(ignoreMissing);
    await this.stop();
  }

  private async stop(): Promise<void> {
    await this.stopListening?.();
    await unlink(this.path(socketName(this.owner.token))).catch(ignoreMissing);
  }

  private async take(): Promise<void> {
    const draft = this.path(`${LOCK}.${this.owner.token}.tmp`);
    try {
      await writeFile(draft, `${JSON.stringify(this.owner)}\n`, { flag: 'wx', mode: 0o600 });
      while (!(await this.tryTake(draft)));
    } finally {
      await unlink(draft).catch(ignoreMissing);
    }
  }

  /** @returns false when the lock changed hands meanwhile */
  private async tryTake(draft: string): Promise<boolean> {
    if (await linked(draft, this.path(LOCK))) return true;
    const first = await this.read(LOCK);
    if (first === undefined) return false;
    const gone: Owner[] = [];
    for (let owner: Owner | undefined = first; owner !== undefined; owner = await this.read(successorName(owner))) {
      if (await this.mayLive(owner)) {
        if (!(await this.isStill(first))) return false;
        throw held(this.path(LOCK), owner);
      }
      gone.push(owner);
    }
    const name = successorName(gone.at(-1) as Owner);
    if (!(await linked(draft, this.path(name)))) return false;
    if (!(await this.isStill(first))) {
      await unlink(this.path(name));
      return false;
    }
    await rename(draft, this.path(LOCK));
    await this.clear(gone);
    return true;
  }

  private async isStill(owner: Owner): Promise<boolean> {
    return (await this.read(LOCK))?.token === owner.token;
  }

  /** Only after the rename: a process that read the old `lock` finds it changed after winning a name that was freed here. */
  private async clear(gone: readonly Owner[]): Promise<void> {
    for (const owner of gone) await unlink(this.path(successorName(owner))).catch(ignoreMissing);
    for (const { token } of gone) await unlink(this.path(socketName(token))).catch(ignoreMissing);
  }

  private async mayLive(owner: Owner): Promise<boolean> {
    const lives = await this.lives(owner);
    if (lives === 'elsewhere') throw foreign(this.path(LOCK), owner);
    return lives === 'maybe';
  }

  /** `elsewhere`: it is of another machine, of which nothing can be told from here. */
  private async lives(owner: Owner): Promise<'no' | 'maybe' | 'elsewhere'> {
    if (owner.isLost) return 'no';
    const own = this.owner;
    const isOtherHost = owner.host !== own.host;
    if (owner.boot_id !== own.boot_id || (own.boot_id === undefined && isOtherHost)) {
      return isOtherHost ? 'elsewhere' : 'no';
    }
    const answers = owner.listens ? await isListenedTo(this.directory, socketName(owner.token)) : undefined;
    return (answers ?? isAlive(owner, own) ?? true) ? 'maybe' : 'no';
  }

  /** undefined where there is none. A file is linked only when it is complete, so one that cannot be read is none of ours. */
  private async read(name: string): Promise<Owner | undefined> {
    let text: string;
    try {
      text = await readFile(this.path(name), 'utf8');
    } catch (error) {
      ignoreMissing(error);
      return undefined;
    }
    const owner = parse(text);
    if (owner !== undefined) return owner;
    if (/^\0*$/.test(text)) return lostOwner(name);
    throw new ExecGoError('unavailable', `${this.path(name)} is not a lock of ours: look what it is, and remove it`);
  }

  private path(name: string): string {
    return join(this.directory, name);
  }
}

/** With a token of its own for each file: two that are lost must not be each other's successors. */
function lostOwner(name: string): Owner {
  const token = createHash('sha256').update(name).digest('hex').slice(0, TOKEN_DIGITS);
  return { pid: 0, host: '', since: '', listens: false, token, isLost: true };
}

function socketName(token: string): string {
  return `${LOCK}.${token}.sock`;
}

function successorName(owner: Owner): string {
  return `${LOCK}.${owner.token}`;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function parse(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value) || typeof value.pid !== 'number' || !TOKEN.test(String(value.token))) return undefined;
    return value as unknown as Owner;
  } catch {
    return undefined;
  }
}

function held(path: string, owner: Owner): ExecGoError {
  return new ExecGoError(
    'unavailable',
    `the store is in use: ${path} belongs to pid ${owner.pid} on ${owner.host} since ${owner.since}`,
    { details: { pid: owner.pid, host: owner.host, since: owner.since } },
  );
}

function foreign(path: string, owner: Owner): ExecGoError {
  return new ExecGoError(
    'unavailable',
    `the store is in use by another machine, or was: ${path} belongs to pid ${owner.pid} on ${owner.host} since ${owner.since}. If that one is gone for certain, remove the file`,
    { details: { pid: owner.pid, host: owner.host, since: owner.since } },
  );
}

function ignoreMissing(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error;
}
