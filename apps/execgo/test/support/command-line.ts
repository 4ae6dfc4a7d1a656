import { runCli } from '../../src/cli.js';
import type { CliContext } from '../../src/commands/command.js';

export interface Printed {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Ran {
  readonly status: number;
  /** What was printed on stdout, parsed; undefined where nothing was. */
  readonly json: Answer | undefined;
  readonly stderr: string;
}

interface Answer {
  readonly ok: boolean;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly error?: Readonly<Record<string, unknown>>;
}

export interface ProcessOptions
  extends Pick<CliContext, 'isTerminal' | 'isStdoutTerminal' | 'terminalSize' | 'writeBytes' | 'drained'> {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly name?: 'execgo' | 'execgocli';
}

/** Runs the program in this process; to what it printed. */
export async function printed(cwd: string, argv: readonly string[], options: ProcessOptions = {}): Promise<Printed> {
  const { env = {}, stdin = '', name = 'execgo', ...terminal } = options;
  const streams = { stdout: '', stderr: '' };
  const context: CliContext = {
    env,
    cwd,
    stdout: (text) => {
      streams.stdout += text;
    },
    stderr: (text) => {
      streams.stderr += text;
    },
    stdin: (async function* () {
      yield Buffer.from(stdin);
    })(),
    ...terminal,
  };
  return { status: await runCli(argv, context, name), ...streams };
}

/** Runs a command of `execgo` whose stdout is one JSON object, or nothing, in this process. */
export async function execgo(
  cwd: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: Omit<ProcessOptions, 'env'> = {},
): Promise<Ran> {
  const { status, stdout, stderr } = await printed(cwd, argv, { env, ...options });
  return { status, json: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}
