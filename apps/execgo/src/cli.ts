import { ConfigError, errorMessage } from '@execgo/core';
import { CommanderError } from 'commander';
import { withTwoDashes } from './argv.js';
import type { CliContext } from './commands/command.js';
import { commandNames, createProgram, longFlags, type ProgramName } from './program.js';
import { nearestName } from './settings/nearest-name.js';
import { SettingsError } from './settings/settings-error.js';
import { plainText } from './terminal/plain-text.js';

export type { ProgramName } from './program.js';

const FAILED = 1;
const USAGE = 2;

/**
 * Runs the program with these arguments; resolves to its exit status: 0 all is well, 1 it failed, 2 it was called with
 * arguments or settings that cannot be used. Some commands have further ones, which their help tells.
 *
 * @param name how it was called: `execgo` without a command is the server, `execgocli` is not
 */
export async function runCli(argv: readonly string[], cli: CliContext, name: ProgramName = 'execgo'): Promise<number> {
  let status = 0;
  const program = createProgram(name, cli, (result) => {
    status = result;
  });
  const args = withTwoDashes(argv, longFlags(program));
  const unknown = unknownCommand(args);
  if (unknown !== undefined) {
    cli.stderr(`error: ${plainText(unknown)}\n`);
    return USAGE;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed its own message by now; help and version end that way too, with status 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    cli.stderr(`error: ${plainText(errorMessage(error))}\n`);
    return error instanceof SettingsError || error instanceof ConfigError ? USAGE : FAILED;
  }
}

/** Commander would take an unknown command for an argument of the default one, and say so in words that help nobody. */
function unknownCommand([first]: readonly string[]): string | undefined {
  const names = [...commandNames(), 'help'];
  if (first === undefined || first.startsWith('-') || names.includes(first)) return undefined;
  const meant = nearestName(first, names);
  const hint = meant === undefined ? `the commands are: ${names.join(', ')}` : `did you mean "${meant}"?`;
  return `unknown command ${JSON.stringify(first)}; ${hint}`;
}
