import { createClient, DEFAULT_URL, type ExecGoClient, ExecGoOptionError } from '@execgo/client';
import type { Command } from 'commander';
import type { CliContext } from '../commands/command.js';
import { path } from '../settings/kinds.js';
import { SettingsError } from '../settings/settings-error.js';
import { readTokenFile } from '../token.js';

/** A server that is not there is told within half a second or so; what had begun (a wait, a stream) goes on over a restart. */
const RETRY = { attempts: 2, baseDelayMs: 150 };

interface ConnectionFlags {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** Gives a command the flags that say which server is meant. */
export function addConnectionFlags(command: Command): Command {
  return command
    .option('--url <url>', `the server (EXECGO_URL; default: ${DEFAULT_URL})`)
    .option('--token-file <path>', 'file of mode 0600 with the token to present (or EXECGO_TOKEN, EXECGO_TOKEN_FILE)');
}

/** Where the server is, without credentials and without a slash at the end. @throws SettingsError */
export function serverUrl(command: Command, cli: CliContext): string {
  return clientFor(command, cli, undefined).url;
}

/** The server that flags and variables name. @throws SettingsError */
export function connect(command: Command, cli: CliContext): ExecGoClient {
  return clientFor(command, cli, tokenFor(command, cli));
}

function clientFor(command: Command, { env }: CliContext, token: string | undefined): ExecGoClient {
  const url = command.opts<ConnectionFlags>().url ?? (env.EXECGO_URL || DEFAULT_URL);
  try {
    return createClient({ url, retry: RETRY, ...(token !== undefined && { token }) });
  } catch (cause) {
    if (!(cause instanceof ExecGoOptionError)) throw cause;
    const given = cause.option === 'url' ? '--url or EXECGO_URL' : 'the token';
    throw new SettingsError(`${given}: ${cause.message}`, { cause });
  }
}

/** The token that stands in the address, where no other is given, which would be stronger. */
export function tokenInUrl(command: Command, { env }: CliContext): string | undefined {
  const { url = env.EXECGO_URL, tokenFile } = command.opts<ConnectionFlags>();
  if (!url || tokenFile !== undefined || env.EXECGO_TOKEN || env.EXECGO_TOKEN_FILE) return undefined;
  const { username, password } = new URL(url);
  return decodeURIComponent(password || username) || undefined;
}

/** The flag is stronger than the variables. */
function tokenFor(command: Command, { env, cwd }: CliContext): string | undefined {
  const flag = command.opts<ConnectionFlags>().tokenFile;
  if (flag === undefined && env.EXECGO_TOKEN) return env.EXECGO_TOKEN;
  const given = flag ?? (env.EXECGO_TOKEN_FILE || undefined);
  const file = given === undefined ? undefined : path.fromText(given, cwd);
  if (file === undefined) {
    if (given === undefined) return undefined;
    throw new SettingsError('--token-file: expected a path');
  }
  const { token } = readTokenFile(file);
  if (token !== undefined) return token;
  throw new SettingsError(
    `--token-file ${file} holds the named tokens of a server: give a file that holds one token alone, or set EXECGO_TOKEN`,
  );
}
