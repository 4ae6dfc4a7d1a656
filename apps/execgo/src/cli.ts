import { ConfigError, errorMessage } from '@execgo/core';
import { Command, CommanderError } from 'commander';
import { withTwoDashes } from './argv.js';
import type { CliContext } from './commands/command.js';
import { COMMANDS } from './commands/registry.js';
import { nearestName } from './settings/nearest-name.js';
import { SettingsError } from './settings/settings-error.js';
import { VERSION } from './version.js';

const FAILED = 1;
const USAGE = 2;

/**
 * Runs the program with these arguments; resolves to its exit status: 0 all is well, 1 it failed, 2 it was called with
 * arguments or settings that cannot be used.
 */
export async function runCli(argv: readonly string[], cli: CliContext): Promise<number> {
  const args = withTwoDashes(argv);
  const unknown = unknownCommand(args);
  if (unknown !== undefined) {
    cli.stderr(`error: ${unknown}\n`);
    return USAGE;
  }
  let status = 0;
  const program = createProgram(cli, (result) => {
    status = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed its own message by now; help and version end that way too, with status 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    cli.stderr(`error: ${errorMessage(error)}\n`);
    return error instanceof SettingsError || error instanceof ConfigError ? USAGE : FAILED;
  }
}

function createProgram(cli: CliContext, done: (status: number) => void): Command {
  const program = new Command('execgo')
    .description('ExecGo: an execution kernel for AI agents')
    .version(`execgo v${VERSION}`, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (text.startsWith('execgo v') ? cli.stdout : cli.stderr)(text),
      writeErr: cli.stderr,
    });
  for (const definition of COMMANDS) {
    const command = program.command(definition.name, { isDefault: definition.isDefault ?? false });
    definition.describe(command.allowExcessArguments(false));
    command.action(async () => done(await definition.run(command, cli)));
    if (definition.isDefault) program.addHelpText('after', () => `\n${command.helpInformation()}`);
  }
  return program;
}

/** Commander would take an unknown command for an argument of the default one, and say so in words that help nobody. */
function unknownCommand([first]: readonly string[]): string | undefined {
  const names = [...COMMANDS.map(({ name }) => name), 'help'];
  if (first === undefined || first.startsWith('-') || names.includes(first)) return undefined;
  const meant = nearestName(first, names);
  const hint = meant === undefined ? `the commands are: ${names.join(', ')}` : `did you mean "${meant}"?`;
  return `unknown command ${JSON.stringify(first)}; ${hint}`;
}
