import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.js';
import { type ProgramWords, programWords } from '../completion/command-words.js';
import { fishCompletion } from '../completion/fish.js';
import { zshCompletion } from '../completion/zsh.js';
import { EXIT } from '../exit-status.js';
import type { CliContext, CommandDefinition } from './command.js';

const SHELLS: ReadonlyMap<string, (words: ProgramWords) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
]);

const HELP = `
Example:
  source <(execgo completion bash)
  execgo completion fish > ~/.config/fish/completions/execgo.fish`;

/** `execgo completion`: a script that completes commands and flags, made from the table of commands. */
export const completionCommand: CommandDefinition = {
  name: 'completion',
  describe(command: Command): Command {
    return command
      .description('print a script with which a shell completes commands and flags')
      .addArgument(new Argument('<shell>', 'the shell').choices([...SHELLS.keys()]))
      .addHelpText('after', HELP);
  },
  async run(command: Command, { stdout }: CliContext): Promise<number> {
    const make = SHELLS.get(command.args[0] ?? '') ?? bashCompletion;
    stdout(make(programWords(command.parent ?? command)));
    return EXIT.ok;
  },
};
