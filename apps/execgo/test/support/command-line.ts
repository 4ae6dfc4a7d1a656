import { runCli } from '../../src/cli.js';

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

/** Runs `execgo` in this process. */
export async function execgo(
  cwd: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const status = await runCli(argv, {
    env,
    cwd,
    stdout: (text) => {
      printed.stdout += text;
    },
    stderr: (text) => {
      printed.stderr += text;
    },
  });
  return { status, json: printed.stdout === '' ? undefined : JSON.parse(printed.stdout), stderr: printed.stderr };
}
