import type { Stats } from 'node:fs';

/** An entry of a folder that is held, so that nobody can move another folder in its place meanwhile. Close it after use. */
export interface Place {
  /** Names the entry for system calls. */
  readonly path: string;
  /** Whether the entry is the workspace itself. */
  readonly isRoot: boolean;
  /** Names another entry of the same folder. */
  sibling(name: string): string;
  /** The entry itself; undefined when there is none. @throws ExecGoError `denied` for a link or a protected file */
  look(): Stats | undefined;
  /** Opens the entry, which is a regular file. @throws as `look`, `not_found`, `invalid_input` for a folder */
  open(flags: number): OpenFile;
  /** Holds the entry, which is a folder. @throws as `look`, `not_found`, `invalid_input` for a file */
  folder(): Folder;
  /** Makes names that were added to the folder durable. */
  sync(): Promise<void>;
  close(): void;
}

export interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
}

/** A folder that is held. */
export interface Folder {
  /** Its name in the file system. */
  readonly path: string;
  /** Names the held folder for system calls of this process and as working directory of a child it starts. */
  readonly handle: string;
  close(): void;
}

/** The way from a path to its place. */
export interface Walker {
  /** Refuses by its text a path that `enter` will refuse whatever the files. @throws ExecGoError `denied`, `invalid_input` */
  check(path: string): void;
  /**
   * @param makeParents make the folders that are missing on the way
   * @throws ExecGoError `denied`, `invalid_input`, `not_found`
   */
  enter(path: string, makeParents: boolean): Place;
}
