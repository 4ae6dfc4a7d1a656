import { Command } from 'commander';
import type { CliContext } from './commands/command.js';
import { COMMANDS } from './commands/registry.js';
import { plainText } from './terminal/plain-text.js';
import { VERSION } from './version.js';

/** How the program was called. */
export type ProgramName = 'execgo' | 'execgocli';

/** The program with all its commands. @param done told the exit status of the command that ran */
export function createProgram(name: ProgramName, cli: CliContext, done: (status: number) => void): Command {
  const program = new Command(name)
    .description('ExecGo: an execution kernel for AI agents')
    .version(`execgo v${VERSION}`, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (text.startsWith('execgo v') ? cli.stdout : cli.stderr)(text),
      writeErr: cli.stderr,
      outputError: (text, write) => write(plainText(text)),
    });
  for (const definition of COMMANDS) {
    const isDefault = name === 'execgo' && definition.isDefault === true;
    const command = program.command(definition.name, { isDefault });
    if (definition.alias !== undefined) command.alias(definition.alias);
    definition.describe(command.allowExcessArguments(false));
    if (isDefault) command.description(`${command.description()} (the default command)`);
    command.action(async () => done(await definition.run(command, cli)));
    if (isDefault) program.addHelpText('after', () => `\n${command.helpInformation()}`);
  }
  return program;
}

/** Every word that a command can be called by. */
export function commandNames(): readonly string[] {
  return COMMANDS.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias]));
}

/** The long flags of all commands, with their two dashes. */
export function longFlags(program: Command): ReadonlySet<string> {
  const options = [program, ...program.commands].flatMap((command) => command.options);
  return new Set(options.map(({ long }) => long).filter((long) => typeof long === 'string'));
}
