import type { Command } from 'commander';

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
}

/** One command of the program; each is a file of its own in this folder. */
export interface CommandDefinition {
  readonly name: string;
  /** Runs where no command is named. */
  readonly isDefault?: boolean;
  /** Gives the command its description, arguments and flags. */
  describe(command: Command): Command;
  /** Resolves to the exit status. What it rejects with becomes a message and a status: see `exitStatusOf`. */
  run(command: Command, context: CliContext): Promise<number>;
}
