import type { CommandWords, FlagWords, ProgramWords, Values } from './command-words.js';

/** A script for fish 3 or later. */
export function fishCompletion({ name, commands, flags }: ProgramWords): string {
  const lines = [
    `# fish completion for ${name}; put it into ~/.config/fish/completions/${name}.fish`,
    `complete -c ${name} -f`,
    ...flags.map((flag) => flagLine(name, '__fish_use_subcommand', flag)),
    ...commands.flatMap((command) => commandLines(name, command)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(program: string, { names, help, flags, argument }: CommandWords): readonly string[] {
  const seen = `__fish_seen_subcommand_from ${names.join(' ')}`;
  const [first = ''] = names;
  return [
    `complete -c ${program} -n __fish_use_subcommand -a ${first} -d '${help}'`,
    ...flags.map((flag) => flagLine(program, seen, flag)),
    ...(argument === undefined || argument === 'any'
      ? []
      : [`complete -c ${program} -n '${seen}'${valueWords(argument)}`]),
  ];
}

function flagLine(program: string, condition: string, { names, values, help }: FlagWords): string {
  const words = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = values === undefined ? '' : ` -r${valueWords(values)}`;
  return `complete -c ${program} -n '${condition}' ${words.join(' ')}${value} -d '${help}'`;
}

function valueWords(values: Values): string {
  if (values === 'any') return '';
  return values === 'file' ? ' -F' : ` -a '${values.choices.join(' ')}'`;
}
