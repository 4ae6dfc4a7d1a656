import type { Command } from 'commander';
import { answer } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import type { CliContext, CommandDefinition } from './command.js';

/** `execgo health`: how the server is. */
export const healthCommand: CommandDefinition = {
  name: 'health',
  describe(command: Command): Command {
    return addConnectionFlags(command.description('how the server is')).addHelpText(
      'after',
      '\nExit status: 0 it answers, 4 it cannot be reached.\n\nExample:\n  execgo health --url http://127.0.0.1:9090',
    );
  },
  run: (command: Command, cli: CliContext) => answer(command, cli, (client) => client.health()),
};
