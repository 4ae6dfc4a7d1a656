import type { ExecGoClient, WireTask } from '@execgo/client';
import type { Command } from 'commander';
import { EXIT } from '../exit-status.js';
import { answer } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { durationFlag } from '../server-call/flag-values.js';
import { SettingsError } from '../settings/settings-error.js';
import type { CliContext, CommandDefinition } from './command.js';

const DEFAULT_TIMEOUT_MS = 120_000;

const HELP = `
Prints {"tasks", "all_terminal", "deadline_rfc3339"}, whatever the tasks came to. The server tells as soon as a task ends:
--interval is accepted for scripts of version 1, and nothing is polled.

Exit status: 0 all have ended, 1 the server refuses (an unknown task, say), 3 the time is over, 4 the server cannot be reached.

Example:
  execgo wait --task-ids fetch,report --timeout 2m
  execgo wait --graph g17-5f2ad9`;

interface WaitFlags {
  readonly taskIds?: string;
  readonly graph?: string;
  readonly timeout?: number;
}

interface Waited {
  readonly tasks: readonly WireTask[];
  readonly all_terminal: boolean;
  readonly deadline_rfc3339?: string;
}

/** `execgo wait`: until tasks have ended. */
export const waitCommand: CommandDefinition = {
  name: 'wait',
  describe(command: Command): Command {
    command
      .description('wait until tasks, or all tasks of a graph, have ended')
      .argument('[task...]', 'ids of tasks')
      .option('--task-ids <ids>', 'the same in one text, with commas')
      .option('--graph <id>', 'all tasks of this graph')
      .option('--timeout <duration>', 'how long at most; 0 = without end (default: 2m)', durationFlag)
      .option('--interval <duration>', 'accepted, and not needed any more', durationFlag);
    return addConnectionFlags(command).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const { taskIds = '', graph, timeout: timeoutMs = DEFAULT_TIMEOUT_MS } = command.opts<WaitFlags>();
    const listed = taskIds.split(',').map((id) => id.trim());
    const ids = [...new Set([...listed.filter((id) => id !== ''), ...command.args])];
    if ((ids.length === 0) === (graph === undefined)) {
      throw new SettingsError('wait: expected tasks (--task-ids a,b) or a graph (--graph), one of the two');
    }
    const options = timeoutMs === 0 ? {} : { timeoutMs };
    const deadline = timeoutMs === 0 ? undefined : new Date(Date.now() + timeoutMs).toISOString();
    return answer(
      command,
      cli,
      async (client): Promise<Waited> => {
        const waited = graph === undefined ? await client.wait(ids, options) : await waitGraph(client, graph, options);
        return { ...waited, ...(deadline !== undefined && { deadline_rfc3339: deadline }) };
      },
      { status: ({ all_terminal: isOver }) => (isOver ? EXIT.ok : EXIT.timedOut) },
    );
  },
};

async function waitGraph(
  client: ExecGoClient,
  graphId: string,
  options: { readonly timeoutMs?: number },
): Promise<{ readonly tasks: readonly WireTask[]; readonly all_terminal: boolean }> {
  const { done } = await client.waitGraph(graphId, options);
  const tasks: WireTask[] = [];
  for await (const task of client.list({ graphId })) tasks.push(task);
  return { tasks: tasks.reverse(), all_terminal: done };
}
