import type { AdapterRequest } from '@execgo/client';
import type { Command } from 'commander';
import { answer } from '../server-call/answer.js';
import { addFileFlag, addKeyFlag, bodyOf, keyOf } from '../server-call/body-input.js';
import { addConnectionFlags } from '../server-call/connection.js';
import type { CliContext, CommandDefinition } from './command.js';

const HELP = `
Example:
  echo '{"adapter":"codex","action_id":"a1","action":{"kind":"os.noop","input":{}}}' | execgo act
  execgo wait --task-ids a1 --timeout 2m`;

/** `execgo act`: an agent's action becomes tasks, and they are submitted. */
export const actCommand: CommandDefinition = {
  name: 'act',
  describe(command: Command): Command {
    command.description("submit an agent's action (adapter.v1), which becomes one or more tasks");
    return addKeyFlag(addFileFlag(addConnectionFlags(command), 'the action')).addHelpText('after', HELP);
  },
  run: (command: Command, cli: CliContext) =>
    answer(command, cli, async (client) => client.act(await bodyOf<AdapterRequest>(command, cli), keyOf(command))),
};
