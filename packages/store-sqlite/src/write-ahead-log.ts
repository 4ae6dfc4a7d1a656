import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';

/** How many times its usual size the log must have before somebody is told. */
const LONG_LOG = 64;

interface LogState {
  /** Frames in the log. */
  readonly log: number;
  /** Of them worked into the database. */
  readonly checkpointed: number;
}

export interface LogOptions {
  readonly file: string;
  readonly checkpointBytes: number;
}

/**
 * Works the log into the database when it has grown: after a commit was answered, and while no read waits for it. Then the next
 * commit begins the log anew, so it stays about as long as that, unless somebody outside reads the database for long.
 */
export class WriteAheadLog {
  private readonly look: SqliteStatement;
  private readonly checkpoint: SqliteStatement;
  private readonly frameBytes: number;
  private isLongTold = false;

  constructor(
    private readonly db: SqliteDatabase,
    private readonly options: LogOptions,
    private readonly warn: (message: string) => void,
  ) {
    this.look = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    this.frameBytes = db.pragma('page_size', { simple: true }) as number;
  }

  /** @throws what SQLite throws: the database cannot be written */
  afterCommit(): void {
    const before = this.look.get() as LogState;
    if ((before.log - before.checkpointed) * this.frameBytes < this.options.checkpointBytes) return;
    const { log } = this.checkpoint.get() as LogState;
    const bytes = log * this.frameBytes;
    if (bytes < LONG_LOG * this.options.checkpointBytes) this.isLongTold = false;
    else if (!this.isLongTold) this.tellLong(bytes);
  }

  /** Leaves a database without a log. */
  finish(): void {
    this.db.pragma('wal_checkpoint(TRUNCATE)');
  }

  private tellLong(bytes: number): void {
    this.isLongTold = true;
    this.warn(
      `the log of ${this.options.file} has grown to ${Math.round(bytes / 1024 ** 2)} MiB: another program, such as a backup, has been reading the database for long`,
    );
  }
}
