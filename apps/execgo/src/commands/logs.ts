import type { ExecGoClient, OutputStream } from '@execgo/client';
import { OUTPUT_STREAMS } from '@execgo/core';
import { type Command, Option } from 'commander';
import { answer, streaming } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { SettingsError } from '../settings/settings-error.js';
import { OutputPrinter } from '../terminal/output-printer.js';
import type { CliContext, CommandDefinition } from './command.js';

const HELP = `
What the newest attempt wrote, byte for byte: its stdout on stdout, its stderr on stderr. With --follow also what comes, until the
task has ended; an attempt after the first is announced on stderr, and begins anew. On a terminal control sequences are taken out, so
that no task can move its cursor or rename its window; --raw leaves them in, as a pipe or a file has them.

Example:
  execgo logs build > build.log
  execgo logs --follow build`;

interface LogsFlags {
  readonly follow?: boolean;
  readonly stream?: OutputStream;
  readonly json?: boolean;
  readonly raw?: boolean;
}

/** `execgo logs`: what a task wrote. */
export const logsCommand: CommandDefinition = {
  name: 'logs',
  describe(command: Command): Command {
    command
      .description('show what a task wrote')
      .argument('<task>', 'its id')
      .option('-f, --follow', 'also what comes, until the task has ended')
      .addOption(new Option('--stream <stream>', 'this one alone').choices([...OUTPUT_STREAMS]))
      .option('--raw', 'control sequences too on a terminal, where they are taken out otherwise')
      .option('--json', 'how much there is of each stream, and its text where it is short, as JSON');
    return addConnectionFlags(command).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const [id = ''] = command.args;
    const { follow, stream, json, raw } = command.opts<LogsFlags>();
    if (json && (follow || stream !== undefined)) {
      throw new SettingsError('logs: --json tells of both streams as they are; leave --follow and --stream out');
    }
    if (json) return answer(command, cli, (client) => client.output(id));
    const streams = stream === undefined ? OUTPUT_STREAMS : [stream];
    const out = new OutputPrinter(cli, raw === true);
    return streaming(command, cli, (client) =>
      follow ? followOutput(client, id, streams, out, cli) : showOutput(client, id, streams, out, cli),
    );
  },
};

async function showOutput(
  client: ExecGoClient,
  id: string,
  streams: readonly OutputStream[],
  out: OutputPrinter,
  cli: CliContext,
): Promise<void> {
  for (const stream of streams) {
    const { bytes, truncated } = await client.readOutput(id, stream);
    await out.print(stream, bytes);
    await out.end(stream);
    if (truncated) cli.stderr(`note: ${stream} is not kept whole\n`);
  }
}

async function followOutput(
  client: ExecGoClient,
  id: string,
  streams: readonly OutputStream[],
  out: OutputPrinter,
  cli: CliContext,
): Promise<void> {
  for await (const item of client.watchOutput(id)) {
    if (item.type === 'output' && streams.includes(item.stream)) await out.print(item.stream, item.bytes);
    if (item.type === 'attempt' && item.attempt > 1) {
      for (const stream of streams) await out.end(stream);
      cli.stderr(`note: attempt ${item.attempt} begins\n`);
    }
    if (item.type === 'end') {
      for (const stream of streams) {
        await out.end(stream);
        if (item[stream]?.truncated) cli.stderr(`note: ${stream} is not kept whole\n`);
      }
    }
  }
}
