import type { Command } from 'commander';
import { type Ensured, ensureExecGo, execGoHint } from '../ensure-running/ensure-execgo.js';
import { ensureRuntime, runtimeHints } from '../ensure-running/ensure-runtime.js';
import { EXIT } from '../exit-status.js';
import { jsonLine } from '../json-result.js';
import { addConnectionFlags, serverUrl, tokenInUrl } from '../server-call/connection.js';
import { durationFlag } from '../server-call/flag-values.js';
import { path } from '../settings/kinds.js';
import { SettingsError } from '../settings/settings-error.js';
import type { CliContext, CommandDefinition } from './command.js';

const DEFAULT_RUNTIME_URL = 'http://127.0.0.1:18080';
const DEFAULT_TIMEOUT_MS = 30_000;

const HELP = `
Where nothing answers at EXECGO_URL, and that is an http address of this machine, starts "execgo serve" there, which goes on by
itself with the settings of this folder and its variables, and waits until it is ready; its log is server.log in the data
directory. With a compose directory, "docker compose up" is run there instead.

With --with-runtime also asks for the runtime at EXECGO_RUNTIME_URL (default: ${DEFAULT_RUNTIME_URL}), and where nothing answers
starts its image, if one is named and docker is there.

Prints {"execgo": {"url", "reachable", "started_by", …}, "runtime", "manual_hints"}.
Exit status: 0 all that was asked for is ready, 4 ExecGo is not, 5 the runtime is not.

Example:
  execgo ensure-running
  execgo ensure-running --with-runtime --runtime-image execgo-runtime:local`;

interface EnsureFlags {
  readonly withRuntime?: boolean;
  readonly execgoComposeDir?: string;
  readonly runtimeImage?: string;
  readonly runtimeSource?: string;
  readonly tokenFile?: string;
  readonly timeout?: number;
}

interface EnsuredAll {
  readonly execgo: Ensured;
  readonly runtime?: Ensured;
  readonly manual_hints?: readonly string[];
}

/** `execgo ensure-running`: a server, whether there was one or not. */
export const ensureRunningCommand: CommandDefinition = {
  name: 'ensure-running',
  describe(command: Command): Command {
    command
      .description('start a server where none answers, and wait until it is ready')
      .option('--with-runtime', 'the runtime too')
      .option('--execgo-compose-dir <path>', 'folder with a compose file that starts ExecGo (EXECGO_COMPOSE_DIR)')
      .option('--runtime-image <image>', 'image of the runtime, to be started by docker (EXECGO_RUNTIME_IMAGE)')
      .option('--runtime-source <path>', 'a checkout of the runtime, for the hints (EXECGO_RUNTIME_SOURCE)')
      .option('--timeout <duration>', 'how long each may take to be ready (default: 30s)', durationFlag);
    return addConnectionFlags(command).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const data = await ensureAll(command, cli);
    cli.stdout(jsonLine({ ok: true, data }));
    if (!data.execgo.reachable) return EXIT.unreachable;
    return data.runtime === undefined || data.runtime.reachable ? EXIT.ok : EXIT.runtimeUnreachable;
  },
};

async function ensureAll(command: Command, cli: CliContext): Promise<EnsuredAll> {
  const { env, cwd } = cli;
  const flags = command.opts<EnsureFlags>();
  const { timeout: timeoutMs = DEFAULT_TIMEOUT_MS } = flags;
  const url = serverUrl(command, cli);
  const token = tokenInUrl(command, cli);
  const composeDir = flags.execgoComposeDir ?? (env.EXECGO_COMPOSE_DIR || undefined);
  const runtimeUrl = runtimeUrlOf(env);
  const execgo = await ensureExecGo(
    {
      url,
      timeoutMs,
      variables: {
        ...(flags.withRuntime && { EXECGO_RUNTIME_URL: runtimeUrl.href }),
        // A server that is started asks for the token that is presented to it.
        ...(token !== undefined && { EXECGO_TOKEN: token }),
      },
      ...(flags.tokenFile !== undefined && { tokenFile: absolute(flags.tokenFile, cwd) }),
      ...(composeDir !== undefined && { composeDir: absolute(composeDir, cwd) }),
    },
    cli,
  );
  const hints = execgo.reachable ? [] : [execGoHint(url)];
  if (flags.withRuntime !== true) return withHints({ execgo }, hints);

  const image = flags.runtimeImage ?? (env.EXECGO_RUNTIME_IMAGE || undefined);
  const options = { ...addressOf(runtimeUrl), timeoutMs, ...(image !== undefined && { image }) };
  const runtime = await ensureRuntime(options, cli);
  if (runtime.reachable) return withHints({ execgo, runtime }, hints);
  const source = flags.runtimeSource ?? (env.EXECGO_RUNTIME_SOURCE || undefined);
  return withHints({ execgo, runtime }, [...hints, ...runtimeHints(options, source)]);
}

function withHints(data: EnsuredAll, hints: readonly string[]): EnsuredAll {
  return hints.length === 0 ? data : { ...data, manual_hints: hints };
}

function runtimeUrlOf({ EXECGO_RUNTIME_URL: given }: CliContext['env']): URL {
  const text = given || DEFAULT_RUNTIME_URL;
  if (URL.canParse(text) && /^https?:/.test(text)) return new URL(text);
  throw new SettingsError(`EXECGO_RUNTIME_URL: expected an address such as ${DEFAULT_RUNTIME_URL}`);
}

/** An address that may be shown, and what it holds besides. */
function addressOf({ origin, pathname, username, password }: URL) {
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers = { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  return { url: `${origin}${pathname}`.replace(/\/+$/, ''), headers: credentials === ':' ? {} : headers };
}

function absolute(text: string, cwd: string): string {
  const read = path.fromText(text, cwd);
  if (read === undefined) throw new SettingsError(`expected a path, got ${JSON.stringify(text)}`);
  return read;
}
