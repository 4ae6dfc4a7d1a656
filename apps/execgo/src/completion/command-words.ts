import type { Argument, Command, Option } from 'commander';

/** What can stand at one place: one of these words, a file, or whatever the user likes. */
export type Values = { readonly choices: readonly string[] } | 'file' | 'any';

export interface FlagWords {
  /** `--file`, `-f`. */
  readonly names: readonly string[];
  /** Absent for a flag that takes no value. */
  readonly values?: Values;
  readonly help: string;
}

/** A command as a shell completes it. */
export interface CommandWords {
  /** The name, then its alias. */
  readonly names: readonly string[];
  readonly help: string;
  readonly flags: readonly FlagWords[];
  /** Of its first argument; absent where it takes none. */
  readonly argument?: Values;
}

export interface ProgramWords {
  readonly name: string;
  readonly commands: readonly CommandWords[];
  /** Flags where no command is named. */
  readonly flags: readonly FlagWords[];
}

const FILE_NAMES = /^(file|path|graph)\b/;
const MAX_HELP = 70;

/** The words of a program, from the program itself. */
export function programWords(program: Command): ProgramWords {
  const visible = program.createHelp().visibleCommands(program);
  const commands = visible.map((command) => commandWords(command));
  const standard = commands.find(({ names }) => names.includes('serve'));
  const flags = flagsOf(program);
  return {
    name: program.name(),
    commands,
    flags: program.name() === 'execgo' ? [...flags, ...(standard?.flags ?? [])] : flags,
  };
}

function commandWords(command: Command): CommandWords {
  const [argument] = command.registeredArguments;
  return {
    names: [command.name(), ...command.aliases()],
    help: shortened(command.description()),
    flags: flagsOf(command),
    ...(argument !== undefined && { argument: valuesOf(argument, argument.name()) }),
  };
}

function flagsOf(command: Command): readonly FlagWords[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      names: [option.long, option.short].filter((name) => typeof name === 'string'),
      ...((option.required || option.optional) && { values: valuesOf(option, placeholderOf(option)) }),
      help: shortened(option.description),
    }));
}

function valuesOf({ argChoices }: Option | Argument, placeholder: string): Values {
  if (argChoices !== undefined) return { choices: argChoices };
  if (/^[\w-]+(\|[\w-]+)+$/.test(placeholder)) return { choices: placeholder.split('|') };
  return FILE_NAMES.test(placeholder) ? 'file' : 'any';
}

/** `path` of `--config <path>`. */
function placeholderOf({ flags }: Option): string {
  return /[<[]([^>\]]*)[>\]]/.exec(flags)?.[1] ?? '';
}

/** The first words of a help text, without what a shell would take for its own. */
function shortened(text: string): string {
  const [first = ''] = text.replace(/['"`$\\[\]{}:]/g, '').split(/[;(]/);
  const line = first.replace(/\s+/g, ' ').trim();
  return line.length <= MAX_HELP ? line : `${line.slice(0, MAX_HELP - 1)}…`;
}
