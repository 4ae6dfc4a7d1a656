import type { AdapterRequest } from '@execgo/client';
import type { Command } from 'commander';
import { answer } from '../server-call/answer.js';
import { addFileFlag, bodyOf } from '../server-call/body-input.js';
import { addConnectionFlags } from '../server-call/connection.js';
import type { CliContext, CommandDefinition } from './command.js';

/** `execgo translate`: what an agent's action would become. */
export const translateCommand: CommandDefinition = {
  name: 'translate',
  describe(command: Command): Command {
    command.description("show which tasks an agent's action (adapter.v1) would become; nothing is stored");
    return addFileFlag(addConnectionFlags(command), 'the action').addHelpText(
      'after',
      `\nExample:\n  echo '{"action":{"kind":"bash","input":{"command":"date"}}}' | execgo translate`,
    );
  },
  run: (command: Command, cli: CliContext) =>
    answer(command, cli, async (client) => client.translate(await bodyOf<AdapterRequest>(command, cli))),
};
