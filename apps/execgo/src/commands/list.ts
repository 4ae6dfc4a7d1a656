import type { ExecGoClient, WireTaskPage } from '@execgo/client';
import type { Command } from 'commander';
import { jsonText } from '../json-result.js';
import { addJsonFlag, answer } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { countFlag } from '../server-call/flag-values.js';
import { addFilterFlags, filterOf } from '../server-call/task-filter.js';
import { taskTable } from '../server-call/task-text.js';
import { SettingsError } from '../settings/settings-error.js';
import type { CliContext, CommandDefinition } from './command.js';

const DEFAULT_LIMIT = 100;
/** Most tasks in one request; a longer list is made of several. */
const PAGE_TASKS = 200;

const HELP = `
Prints {"tasks", "next"}, newest first; "next" is where the list goes on, for --cursor.

Example:
  execgo list --status failed --limit 20
  execgo list --annotation agent_id=planner --all`;

interface ListFlags {
  readonly limit?: number;
  readonly cursor?: string;
  readonly all?: boolean;
}

/** `execgo list`: tasks, newest first. */
export const listCommand: CommandDefinition = {
  name: 'list',
  describe(command: Command): Command {
    addFilterFlags(command.description('list tasks, newest first'))
      .option('--limit <n>', `how many at most (default: ${DEFAULT_LIMIT})`, countFlag)
      .option('--cursor <cursor>', 'where an earlier list ended')
      .option('--all', 'every one, however many there are');
    return addJsonFlag(addConnectionFlags(command)).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const flags = command.opts<ListFlags>();
    if (flags.all && flags.limit !== undefined) throw new SettingsError('list: --all or --limit, not both');
    return answer(command, cli, (client) => pages(client, filterOf(command), flags), {
      text: ({ tasks, next }, look) => {
        return `${taskTable(tasks, look)}${next === undefined ? '' : `more: --cursor ${next}\n`}`;
      },
      pieces: pagePieces,
    });
  },
};

/** All that is there is asked for before the first of it is printed, since an error is an object of its own. */
function* pagePieces({ tasks, next }: WireTaskPage): Generator<string> {
  yield '{"tasks":[';
  for (const [at, task] of tasks.entries()) yield `${at === 0 ? '' : ','}${jsonText(task)}`;
  yield next === undefined ? ']}' : `],"next":${jsonText(next)}}`;
}

async function pages(
  client: ExecGoClient,
  filter: ReturnType<typeof filterOf>,
  { limit = DEFAULT_LIMIT, cursor, all }: ListFlags,
): Promise<WireTaskPage> {
  const wanted = all ? Number.POSITIVE_INFINITY : limit;
  const tasks: WireTaskPage['tasks'][number][] = [];
  let next = cursor;
  do {
    const page = await client.listPage({
      ...filter,
      limit: Math.min(PAGE_TASKS, wanted - tasks.length),
      ...(next !== undefined && { cursor: next }),
    });
    tasks.push(...page.tasks);
    next = page.next;
  } while (next !== undefined && tasks.length < wanted);
  return { tasks, ...(next !== undefined && { next }) };
}
