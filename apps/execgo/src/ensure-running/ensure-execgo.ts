import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CliContext } from '../commands/command.js';
import { resolveSettings } from '../settings/resolve-settings.js';
import { flagOf } from '../settings/setting.js';
import { SettingsError } from '../settings/settings-error.js';
import { readTokens } from '../token.js';
import { docker } from './docker.js';
import { localAddress } from './local-address.js';
import { type Probe, probe, probeUntilReady } from './probe.js';
import { startDetached } from './start-detached.js';

/** What became of one of the two. */
export interface Ensured {
  readonly url: string;
  readonly reachable: boolean;
  readonly started_by?: 'already-up' | 'execgo-serve' | 'docker-compose' | 'docker';
  readonly pid?: number;
  /** Where the server that was started logs to. */
  readonly log?: string;
  readonly ready_status_code?: number;
  readonly ready_body?: string;
  /** What was tried, and what came of it. */
  readonly attempt_note?: string;
}

export interface EnsureOptions {
  /** Without credentials and without a slash at the end. */
  readonly url: string;
  readonly tokenFile?: string;
  /** Set for a server that is started, besides those of this process. */
  readonly variables: Readonly<Record<string, string>>;
  /** With a compose file that starts ExecGo. */
  readonly composeDir?: string;
  readonly timeoutMs: number;
}

/** Why nothing was tried. */
export const NOT_OF_HERE =
  'it is not an http address of this machine with nothing behind the port, so nothing was started';
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** A server at this address: the one that is there, else one that is started, where it is an address of this machine. */
export async function ensureExecGo(options: EnsureOptions, cli: CliContext): Promise<Ensured> {
  const { url, composeDir } = options;
  const found = await probe(`${url}/readyz`);
  if (found.isReady) return { ...factsOf(url, found), started_by: 'already-up' };
  // It answers: another one in its place would be of no use.
  if (found.statusCode !== undefined) {
    const later = await probeUntilReady(`${url}/readyz`, options.timeoutMs);
    return { ...factsOf(url, later), ...(later.isReady && { started_by: 'already-up' }) };
  }
  const address = localAddress(url);
  if (address === undefined) {
    return { ...factsOf(url, found), attempt_note: NOT_OF_HERE };
  }
  return composeDir === undefined ? serve(address, options, cli) : compose(composeDir, options, cli);
}

/** Hints for what a person has to do. */
export function execGoHint(url: string): string {
  return `start ExecGo yourself: npx execgo serve --addr ${localAddress(url) ?? '<host:port>'}, or let EXECGO_URL name one that runs`;
}

async function serve(
  address: string,
  { url, tokenFile, timeoutMs, variables }: EnsureOptions,
  cli: CliContext,
): Promise<Ensured> {
  const { cwd } = cli;
  const given = { ...cli.env, ...variables };
  const options = tokenFile === undefined ? {} : { tokenFile };
  const { settings } = resolveSettings({ options, env: given, cwd, configFile: true });
  // Where the server has a file of tokens, the variable is the caller's own: a server would be given two.
  const hasFile = settings.tokenFile !== undefined;
  const env = hasFile ? { ...given, EXECGO_TOKEN: undefined } : given;
  readTokens(hasFile ? { ...settings, token: undefined } : settings);
  const { dataDir } = settings;
  const server = startDetached({ address, dataDir, cwd, env, ...(tokenFile && { tokenFile }) });
  cli.stderr(`started execgo serve --addr ${address} (pid ${server.pid}), which logs to ${server.logFile}\n`);
  const last = await probeUntilReady(`${url}/readyz`, timeoutMs, { isHopeless: () => server.hasEnded() });
  const { hasEnded, logFile: log, pid } = server;
  if (last.isReady && hasEnded()) return { ...factsOf(url, last), started_by: 'already-up' };
  const facts = { ...factsOf(url, last), pid, log };
  if (last.isReady) return { ...facts, started_by: 'execgo-serve' };
  return { ...facts, attempt_note: hasEnded() ? `it ended: ${server.lastWords()}` : 'it did not become ready in time' };
}

async function compose(
  composeDir: string,
  { url, timeoutMs, variables }: EnsureOptions,
  cli: CliContext,
): Promise<Ensured> {
  if (!COMPOSE_FILES.some((name) => existsSync(join(composeDir, name)))) {
    throw new SettingsError(
      `${flagOf('execgoComposeDir')} ${composeDir}: expected a folder with ${COMPOSE_FILES.join(' or ')}`,
    );
  }
  const { isOk, note } = await docker(['compose', 'up', '--detach', '--build'], {
    cwd: composeDir,
    env: { ...cli.env, ...variables },
  });
  const last = isOk ? await probeUntilReady(`${url}/readyz`, timeoutMs) : await probe(`${url}/readyz`);
  return { ...factsOf(url, last), attempt_note: note, ...(last.isReady && { started_by: 'docker-compose' }) };
}

export function factsOf(url: string, { isReady, statusCode, body }: Probe): Ensured {
  return {
    url,
    reachable: isReady,
    ...(statusCode !== undefined && { ready_status_code: statusCode }),
    ...(body !== '' && { ready_body: body }),
  };
}
