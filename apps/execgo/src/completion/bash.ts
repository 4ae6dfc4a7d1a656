import type { CommandWords, FlagWords, ProgramWords, Values } from './command-words.js';

/** A script for bash 4 or later, without bash-completion. */
export function bashCompletion({ name, commands, flags }: ProgramWords): string {
  const all = commands.flatMap(({ names }) => names);
  const unnamed: CommandWords = { names: [''], help: '', flags };
  const cases = [unnamed, ...commands].flatMap((command) => commandCases(command));
  return `# bash completion for ${name}; put it into ~/.bashrc: source <(${name} completion bash)
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= first=\${COMP_WORDS[1]}
  local words= kind=any
  if ((COMP_CWORD > 1)) && [[ $first != -* ]]; then command=$first; fi
  if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
    COMPREPLY=($(compgen -W '${all.join(' ')}' -- "$current")) || :
    return
  fi
  case "$command $previous" in
${cases.join('\n')}
    *)
      case "$command" in
${[unnamed, ...commands].map(restCase).join('\n')}
      esac
      ;;
  esac
  if [[ $kind == file && $current != -* ]]; then
    compopt -o filenames 2>/dev/null || :
    COMPREPLY=($(compgen -f -- "$current")) || :
  else
    COMPREPLY=($(compgen -W "$words" -- "$current")) || :
  fi
}
complete -F _${name} ${name}
`;
}

/** What follows a flag that takes a value. */
function commandCases({ names, flags }: CommandWords): readonly string[] {
  return flags.flatMap((flag) => {
    if (flag.values === undefined) return [];
    const patterns = names.flatMap((name) => flag.names.map((word) => `'${name} ${word}'`));
    return [`    ${patterns.join('|')}) ${set(flag.values)} ;;`];
  });
}

/** What stands anywhere else: flags, or the argument. */
function restCase({ names, flags, argument }: CommandWords): string {
  const patterns = names.map((name) => `'${name}'`).join('|');
  const words = flagWords(flags);
  const values = argument === undefined ? 'any' : argument;
  if (values === 'file') return `        ${patterns}) kind=file; words='${words}' ;;`;
  const choices = typeof values === 'object' ? values.choices.join(' ') : '';
  return `        ${patterns}) words='${words}'; [[ $current == -* ]] || words='${choices}' ;;`;
}

function set(values: Values): string {
  if (values === 'any') return ':';
  return values === 'file' ? 'kind=file' : `words='${values.choices.join(' ')}'`;
}

function flagWords(flags: readonly FlagWords[]): string {
  return [...new Set(flags.flatMap(({ names }) => names))].join(' ');
}
