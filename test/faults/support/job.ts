/** What a `working-child` is told to do, as JSON in its one argument. */
export interface Job {
  /** A name of `STORES` or of `SABOTAGED_STORES`. */
  readonly store: string;
  readonly directory: string;
  /** Unlike in every other life of this directory: the names of graphs begin with it. */
  readonly life: string;
  /** How many append at once. */
  readonly writers: number;
  /** After how many graphs each writer ends. @default never */
  readonly graphs?: number;
  /** Bytes of input that each task brings. @default none */
  readonly padding?: number;
  /** Whether the store is that of `createLarge`. @default false */
  readonly isLarge?: boolean;
  /** Whether nothing is read while it writes. @default false */
  readonly looksAway?: boolean;
  /** Whether the end is without a close, as after `kill -9`. @default false */
  readonly abandons?: boolean;
}

/** How a `working-child` ends by itself. */
export const EXIT = {
  /** All graphs were appended, and the store closed. */
  done: 0,
  /** The store refused to open. */
  refusedToOpen: 3,
  /** The store refused an append, and then did what it promises: `aftermath` has told. */
  readOnly: 4,
} as const;
