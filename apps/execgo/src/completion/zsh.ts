import type { CommandWords, FlagWords, ProgramWords, Values } from './command-words.js';

/** A script for zsh with compinit. */
export function zshCompletion({ name, commands, flags }: ProgramWords): string {
  return `#compdef ${name}
# zsh completion for ${name}; put it into ~/.zshrc, after compinit: source <(${name} completion zsh)
_${name}() {
  local -a commands
  commands=(
${commands.map(({ names: [first = ''], help }) => `    '${first}:${help}'`).join('\n')}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  if [[ $command == -* ]]; then
    _arguments ${flags.flatMap(specsOf).join(' ')}
    return
  fi
  shift words
  (( CURRENT -= 1 ))
  case $command in
${commands.map(caseOf).join('\n')}
  esac
}
compdef _${name} ${name}
`;
}

function caseOf({ names, flags, argument }: CommandWords): string {
  const specs = flags.flatMap(specsOf);
  if (argument !== undefined) specs.push(`'*:argument${actionOf(argument)}'`);
  return `    ${names.join('|')}) _arguments ${specs.join(' ')} ;;`;
}

function specsOf({ names, values, help }: FlagWords): readonly string[] {
  return names.map((flag) => `'${flag}[${help}]${values === undefined ? '' : `:value${actionOf(values)}`}'`);
}

function actionOf(values: Values): string {
  if (values === 'any') return ':';
  return values === 'file' ? ':_files' : `:(${values.choices.join(' ')})`;
}
