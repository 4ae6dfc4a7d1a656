import type { AdapterTools, ToolFormat } from '@execgo/client';
import { type Command, Option } from 'commander';
import { addJsonFlag, answer } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { textTable } from '../terminal/text-table.js';
import type { CliContext, CommandDefinition } from './command.js';

const FORMATS: readonly ToolFormat[] = ['openai', 'anthropic', 'mcp'];

/** `execgo tools`: what agents can have done. */
export const toolsCommand: CommandDefinition = {
  name: 'tools',
  describe(command: Command): Command {
    addConnectionFlags(command.description('what the server can do for agents, with the schema of each input'));
    return addJsonFlag(command)
      .addOption(
        new Option('--format <api>', 'as the API of this name takes tools, every executor tool by itself').choices(
          FORMATS,
        ),
      )
      .addHelpText('after', '\nExample:\n  execgo tools --format openai');
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const { format } = command.opts<{ format?: ToolFormat }>();
    if (format !== undefined) return answer(command, cli, (client) => client.tools(format));
    return answer(command, cli, (client) => client.tools(), {
      text: ({ tools }: AdapterTools, { columns }) => {
        const rows = tools.map(({ name, category, description }) => [name, category, description]);
        return textTable(['TOOL', 'CATEGORY', 'WHAT IT DOES'], rows, columns);
      },
    });
  },
};
