import type { WireEvent, WireLiveReport } from '@execgo/client';
import type { Command } from 'commander';
import { jsonLine } from '../json-result.js';
import { addJsonFlag, isForPeople, lookOf, streaming } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { countFlag, seqFlag } from '../server-call/flag-values.js';
import { SettingsError } from '../settings/settings-error.js';
import { plainLine } from '../terminal/plain-text.js';
import { cutToWidth } from '../terminal/text-width.js';
import type { CliContext, CommandDefinition } from './command.js';

const HELP = `
One JSON object a line (lines for people on a terminal), each event once, in order, also over restarts of the server. Every event
has a "seq"; --after goes on behind the last one that was seen. What is older than the server keeps cannot be shown: status 1.
Without --after it begins with the submission of the task or graph, else now. It goes on until it is interrupted, or --count is
reached. Errors go to stderr.

Example:
  execgo watch --graph g17-5f2ad9
  execgo watch --after 1200 --json`;

interface WatchFlags {
  readonly after?: number;
  readonly task?: string;
  readonly graph?: string;
  readonly live?: boolean;
  readonly count?: number;
}

/** `execgo watch`: what happens. */
export const watchCommand: CommandDefinition = {
  name: 'watch',
  describe(command: Command): Command {
    command
      .description('show events as they happen')
      .option('--after <seq>', 'what came after this event; 0 = everything that is kept', seqFlag)
      .option('--task <id>', 'of this task alone')
      .option('--graph <id>', 'of this graph alone')
      .option('--live', 'progress and output too, which have no seq and are not told again')
      .option('--count <n>', 'so many events, then end', countFlag);
    return addJsonFlag(addConnectionFlags(command)).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const { after, task, graph, live, count } = command.opts<WatchFlags>();
    if (task !== undefined && graph !== undefined) throw new SettingsError('watch: --task or --graph, not both');
    const { columns } = lookOf(cli);
    const forPeople = isForPeople(command, cli);
    return streaming(command, cli, async (client) => {
      let seen = 0;
      for await (const event of client.watch({
        ...(after !== undefined && { after }),
        ...(task !== undefined && { taskId: task }),
        ...(graph !== undefined && { graphId: graph }),
        ...(live && { live }),
      })) {
        cli.stdout(forPeople ? `${cutToWidth(lineOf(event), columns)}\n` : jsonLine(event));
        await cli.drained?.();
        seen += 1;
        if (seen === count) return;
      }
    });
  },
};

function lineOf(event: WireEvent | WireLiveReport): string {
  const { type, timestamp } = event;
  const seq = 'seq' in event ? String(event.seq) : '';
  const id = 'task_id' in event ? event.task_id : '';
  const message = 'message' in event ? event.message : undefined;
  const data = 'data' in event && event.data !== undefined ? JSON.stringify(event.data) : '';
  return plainLine([seq.padEnd(6), timestamp, type.padEnd(14), id, message ?? data].join('  '));
}
