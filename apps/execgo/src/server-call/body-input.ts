import type { Command } from 'commander';
import type { CliContext } from '../commands/command.js';
import { readJsonInput } from '../read-input.js';

/** Gives a command that sends JSON the flag that says where it comes from. */
export function addFileFlag(command: Command, what: string): Command {
  return command.option('-f, --file <file>', `file with ${what} (default: stdin)`);
}

/** What is to be sent, as it stands in the file or on stdin; the server says what is wrong with it. @throws as `readJsonInput` */
export async function bodyOf<T>(command: Command, cli: CliContext): Promise<T> {
  const { file = '-' } = command.opts<{ file?: string }>();
  if (file === '-' && cli.isStdinTerminal) cli.stderr('reading JSON from stdin; Ctrl-D ends it\n');
  return (await readJsonInput(cli, file)) as T;
}

/** Gives a command that submits the flag that makes a repeat safe. */
export function addKeyFlag(command: Command): Command {
  return command.option('--idempotency-key <key>', 'a repeat with the same key is answered with the first receipt');
}

export function keyOf(command: Command): { readonly idempotencyKey?: string } {
  const { idempotencyKey } = command.opts<{ idempotencyKey?: string }>();
  return idempotencyKey === undefined ? {} : { idempotencyKey };
}
