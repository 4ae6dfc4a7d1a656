import {
  ConfigError,
  type ExecGoError,
  errorMessage,
  isExecGoError,
  type Task,
  type TaskGraphInput,
  toWire,
} from '@execgo/core';
import type { Command } from 'commander';
import { failWith, jsonLine } from '../json-result.js';
import type { GraphReport } from '../live-tree/graph-report.js';
import { LineReport } from '../live-tree/line-report.js';
import { TreeReport } from '../live-tree/tree-report.js';
import { resolvePolicy } from '../policy.js';
import { readJsonInput } from '../read-input.js';
import { resultsText } from '../run-graph/results-text.js';
import { type GraphRun, runGraph } from '../run-graph/run-graph.js';
import { addSettingFlags, flagsGiven } from '../setting-flags.js';
import { LISTENER_SETTINGS, UNUSED_WITHOUT_LISTENER } from '../settings/listener-settings.js';
import { type ResolvedSettings, resolveSettings } from '../settings/resolve-settings.js';
import { SettingsError } from '../settings/settings-error.js';
import { SETTING_NAMES, type SettingName } from '../settings/table.js';
import { confinementWarnings } from '../start-log.js';
import { listenForStop } from '../stop-signals.js';
import { plainText } from '../terminal/plain-text.js';
import { styleFor } from '../terminal/style.js';
import { USUAL_SIZE } from '../terminal/terminal-size.js';
import type { CliContext, CommandDefinition } from './command.js';

const OK = 0;
const NOT_ALL_SUCCEEDED = 1;
const USAGE = 2;
/** As a shell tells of a program that a signal ended: 128 and the number of the signal. */
const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;
/** A program that ignores the polite signal is killed by then, and so long after. */
const FORCE_MARGIN_MS = 500;
/** A graph that is refused with one of these was never right here; others may be taken the next time. */
const REFUSALS: readonly string[] = ['invalid_input', 'denied', 'not_found', 'too_large'];
/** Settings of a server, for which there is none. */
const OF_REQUESTS: readonly SettingName[] = ['mcpTools', 'maxBody'];
const NOT_FOR_RUN = [...LISTENER_SETTINGS, ...OF_REQUESTS];
const RUN_SETTINGS = SETTING_NAMES.filter((name) => !NOT_FOR_RUN.includes(name));
const UNUSED = [...UNUSED_WITHOUT_LISTENER, ...OF_REQUESTS];
/** Whoever names one of these wants the graph to be remembered. */
const STORE_FLAGS = ['store', 'dataDir', 'sqlitePath'] as const;

const HELP = `
The graph is what POST /tasks takes: {"tasks": [{"id": …, "type": …, "input": …, "depends_on": […]}]}. No server is needed, and
nothing is kept unless --store or --data-dir says so; then what an earlier life left unfinished there goes on too, and a run
that was broken off is taken up by the same command with the same --idempotency-key.

How it goes is shown on stderr: a tree on a terminal, lines in a pipe. The result is one JSON object on stdout, or a summary
where stdout is a terminal and --json is not given. Ctrl-C cancels the graph and waits until nothing of it runs; again, a second
later, it waits no longer than it takes to kill what is left.

Exit status: 0 every task succeeded, 1 some did not, 2 the graph or a setting cannot be used, 130 cancelled by Ctrl-C.

Example:
  execgo run graph.json
  echo '{"tasks":[{"id":"hi","type":"os","tool_name":"shell","input":{"command":"echo","args":["hello"]}}]}' | execgo run -`;

interface RunFlags {
  readonly json?: boolean;
  readonly idempotencyKey?: string;
}

/** `execgo run`: one graph, in this process, from its submission to its end. */
export const runCommand: CommandDefinition = {
  name: 'run',
  describe(command: Command): Command {
    command
      .description('run a graph without a server, and show how it goes')
      .argument('<graph>', 'file with the graph, or - for stdin')
      .option('--json', 'print the result as JSON on a terminal too')
      .option('--idempotency-key <key>', 'a repeat with the same key and graph is the same run');
    return addSettingFlags(command, RUN_SETTINGS).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const { json, idempotencyKey } = command.opts<RunFlags>();
    const isForPeople = cli.isStdoutTerminal === true && json !== true;
    const resolved = settingsOf(command, cli);
    const began = performance.now();
    try {
      const graph = (await readJsonInput(cli, command.args[0] ?? '-')) as TaskGraphInput;
      const { run, signal } = await embedded(graph, resolved, cli, { isForPeople, idempotencyKey });
      const outcome = { run, signal, tookMs: performance.now() - began };
      cli.stdout(isForPeople ? textOf(outcome, cli) : jsonLine({ ok: true, data: dataOf(outcome) }));
      if (signal !== undefined) return SIGNAL_STATUS[signal];
      return run.tasks.every(({ status }) => status === 'success') ? OK : NOT_ALL_SUCCEEDED;
    } catch (error) {
      if (!isExecGoError(error) || error instanceof SettingsError || error instanceof ConfigError) throw error;
      const status = REFUSALS.includes(error.code) ? USAGE : NOT_ALL_SUCCEEDED;
      if (isForPeople) cli.stderr(`error: ${plainText(error.message)}\n`);
      else failWith(cli, { message: error.message, body: bodyOf(error) });
      return status;
    }
  },
};

type StopSignal = keyof typeof SIGNAL_STATUS;

interface Outcome {
  readonly run: GraphRun;
  /** The signal that cancelled it. */
  readonly signal: StopSignal | undefined;
  readonly tookMs: number;
}

function settingsOf(command: Command, { env, cwd }: CliContext): ResolvedSettings {
  const flags = flagsGiven(command);
  const isKept = STORE_FLAGS.some((name) => flags.has(name));
  const options = isKept ? {} : { store: 'memory' };
  // Shared with a server, whose settings are of no concern here and no reason to refuse.
  return resolveSettings({ options, flags, env, cwd, configFile: true, leaveOut: UNUSED });
}

async function embedded(
  graph: TaskGraphInput,
  resolved: ResolvedSettings,
  cli: CliContext,
  { isForPeople, idempotencyKey }: { readonly isForPeople: boolean; readonly idempotencyKey: string | undefined },
): Promise<{ readonly run: GraphRun; readonly signal: StopSignal | undefined }> {
  // Loaded by no other command: a kernel takes a while.
  const [{ assembleKernel }, { createReportLog }, { DEFAULT_KILL_AFTER_MS }] = await Promise.all([
    import('../assemble-kernel.js'),
    import('../report-log.js'),
    import('@execgo/process'),
  ]);
  const report = reportFor(cli, isForPeople);
  const stop = new AbortController();
  let signal: StopSignal | undefined;
  let signalledAt = 0;
  const signals = listenForStop((again) => {
    report.note('error: forced: what still runs is killed');
    const killedAt = signalledAt + DEFAULT_KILL_AFTER_MS + FORCE_MARGIN_MS;
    const left = Math.max(0, killedAt - performance.now());
    setTimeout(() => process.exit(SIGNAL_STATUS[again as StopSignal]), left);
  });
  void signals.first.then((name) => {
    signal = name as StopSignal;
    signalledAt = performance.now();
    report.note(`${name}: cancelling, until nothing runs any more`);
    stop.abort(`cancelled by ${name}`);
  });
  try {
    const logger = createReportLog((text) => report.note(text));
    for (const warning of resolved.warnings) report.note(`warning: ${warning}`);
    const policy = resolvePolicy(resolved.settings, false);
    const { scheduler, sandbox, sources, failed } = await assembleKernel(resolved, { policy, logger, cwd: cli.cwd });
    const { settings } = resolved;
    for (const warning of confinementWarnings({ settings, policy, sandbox })) report.note(`warning: ${warning}`);
    for (const text of sources.notes) report.note(text);
    await scheduler.start();
    try {
      const run = await runGraph(scheduler, graph, {
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        report,
        signal: stop.signal,
        failed,
      });
      return { run, signal };
    } finally {
      await scheduler.stop({ graceMs: stop.signal.aborted ? 0 : resolved.settings.shutdownTimeout * 1000 });
    }
  } finally {
    signals.release();
    report.end();
  }
}

function reportFor({ stderr, isTerminal, env, terminalSize }: CliContext, isForPeople: boolean): GraphReport {
  if (isTerminal !== true || env.TERM === 'dumb') return new LineReport(stderr);
  return new TreeReport({
    write: stderr,
    size: () => terminalSize?.() ?? USUAL_SIZE,
    style: styleFor(isTerminal, env),
    // The summary tells the same again.
    keep: !isForPeople,
  });
}

function dataOf({ run: { receipt, tasks }, signal }: Outcome) {
  const counts: Record<string, number> = {};
  for (const { status } of tasks) counts[status] = (counts[status] ?? 0) + 1;
  return {
    graph_id: receipt.graph_id,
    outcome: signal !== undefined ? 'cancelled' : outcomeOf(tasks),
    counts,
    tasks: tasks.map(toWire),
    ...(receipt.warnings.length > 0 && { warnings: receipt.warnings }),
  };
}

function outcomeOf(tasks: readonly Task[]): string {
  return tasks.every(({ status }) => status === 'success') ? 'success' : 'failed';
}

function textOf({ run: { tasks }, tookMs }: Outcome, { env, terminalSize }: CliContext): string {
  const { columns } = terminalSize?.() ?? USUAL_SIZE;
  return resultsText(tasks, { style: styleFor(true, env), columns, tookMs });
}

/** What a server would have answered. */
function bodyOf(error: ExecGoError) {
  const { code, details } = error;
  return { error: errorMessage(error), code, ...(details !== undefined && { details }) };
}
