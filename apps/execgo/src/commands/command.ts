import type { Command } from 'commander';
import type { TerminalSize } from '../terminal/terminal-size.js';

/** What a command may use of the process it runs in. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start at. */
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  /** Help, messages and notes go here, so that stdout holds nothing but what a command was asked for. */
  readonly stderr: (text: string) => void;
  /** Whether somebody looks at stderr: a line of progress is then written over. @default false */
  readonly isTerminal?: boolean;
  /** Whether somebody looks at stdout: what is meant for people is then text, not JSON. @default false */
  readonly isStdoutTerminal?: boolean;
  /** Of the terminal, asked anew at each drawing. @default 80 columns, 24 rows */
  readonly terminalSize?: () => TerminalSize;
  /** What was piped in. @default nothing */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Whether stdin is a terminal, so that somebody has to type. @default false */
  readonly isStdinTerminal?: boolean;
  /** Bytes of a captured stream, as they are. @default they are written as text */
  readonly writeBytes?: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  /** Resolves when the readers have kept up: what prints much waits for it between two writes. @default at once */
  readonly drained?: () => Promise<void>;
}

/** One command of the program; each is a file of its own in this folder. */
export interface CommandDefinition {
  readonly name: string;
  /** A shorter name. */
  readonly alias?: string;
  /** Runs where no command is named. */
  readonly isDefault?: boolean;
  /** Gives the command its description, arguments and flags. */
  describe(command: Command): Command;
  /** Resolves to the exit status. What it rejects with becomes a message and a status: see `exitStatusOf`. */
  run(command: Command, context: CliContext): Promise<number>;
}
