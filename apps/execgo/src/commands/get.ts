import type { Command } from 'commander';
import { addJsonFlag, answer } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { durationFlag } from '../server-call/flag-values.js';
import { taskText } from '../server-call/task-text.js';
import type { CliContext, CommandDefinition } from './command.js';

/** `execgo get`: one task. */
export const getCommand: CommandDefinition = {
  name: 'get',
  describe(command: Command): Command {
    command
      .description('show a task')
      .argument('<task>', 'its id')
      .option('--wait <duration>', 'until it has ended, but no longer than this', durationFlag);
    return addJsonFlag(addConnectionFlags(command)).addHelpText('after', '\nExample:\n  execgo get report --wait 30s');
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const [id = ''] = command.args;
    const { wait: timeoutMs } = command.opts<{ wait?: number }>();
    return answer(
      command,
      cli,
      (client) => (timeoutMs === undefined ? client.get(id) : client.wait(id, { timeoutMs })),
      { text: taskText },
    );
  },
};
