import type { Command } from 'commander';
import { answer } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import type { CliContext, CommandDefinition } from './command.js';

/** `execgo capabilities`: what the adapter understands. */
export const capabilitiesCommand: CommandDefinition = {
  name: 'capabilities',
  alias: 'cap',
  describe(command: Command): Command {
    return addConnectionFlags(command.description('which kinds of action the server takes from agents')).addHelpText(
      'after',
      '\nExample:\n  execgo cap',
    );
  },
  run: (command: Command, cli: CliContext) => answer(command, cli, (client) => client.capabilities()),
};
