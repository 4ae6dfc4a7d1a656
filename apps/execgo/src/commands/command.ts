import type { Command } from 'commander';

/** What a command may use of the process it runs in. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start at. */
  readonly cwd: string;
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
