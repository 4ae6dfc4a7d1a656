import type { Command } from 'commander';
import { answer } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { SettingsError } from '../settings/settings-error.js';
import type { CliContext, CommandDefinition } from './command.js';

const HELP = `
Answers when nothing of it runs any more. What depends on it is skipped.

Example:
  execgo cancel fetch --reason "not needed any more"
  execgo cancel --graph g17-5f2ad9`;

interface CancelFlags {
  readonly graph?: string;
  readonly reason?: string;
}

/** `execgo cancel`: ends a task, or all of a graph. */
export const cancelCommand: CommandDefinition = {
  name: 'cancel',
  describe(command: Command): Command {
    command
      .description('cancel a task, or all tasks of a graph')
      .argument('[task]', 'its id')
      .option('--graph <id>', 'all tasks of this graph')
      .option('--reason <text>', 'goes into the error of the task');
    return addConnectionFlags(command).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const [id] = command.args;
    const { graph, reason } = command.opts<CancelFlags>();
    const options = reason === undefined ? {} : { reason };
    if (id !== undefined && graph === undefined) return answer(command, cli, (client) => client.cancel(id, options));
    if (id === undefined && graph !== undefined) {
      return answer(command, cli, (client) => client.cancelGraph(graph, options));
    }
    throw new SettingsError('cancel: expected a task or --graph, one of the two');
  },
};
