import type { TaskGraphInput } from '@execgo/client';
import type { Command } from 'commander';
import { answer } from '../server-call/answer.js';
import { addFileFlag, addKeyFlag, bodyOf, keyOf } from '../server-call/body-input.js';
import { addConnectionFlags } from '../server-call/connection.js';
import type { CliContext, CommandDefinition } from './command.js';

const HELP = `
Prints the receipt once the graph is durable: {"accepted", "task_ids", "graph_id"}. Where no answer came, the same command with
the same --idempotency-key is safe.

Example:
  execgo submit --file graph.json --idempotency-key build-42`;

/** `execgo submit`: hands a graph to the server. */
export const submitCommand: CommandDefinition = {
  name: 'submit',
  describe(command: Command): Command {
    command.description('submit a graph of tasks to the server');
    return addKeyFlag(addFileFlag(addConnectionFlags(command), 'the graph: {"tasks": […]}')).addHelpText('after', HELP);
  },
  run: (command: Command, cli: CliContext) =>
    answer(command, cli, async (client) => client.submit(await bodyOf<TaskGraphInput>(command, cli), keyOf(command))),
};
