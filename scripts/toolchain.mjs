import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const CACHE = join(ROOT, '.cache');
const PNPM_HOME = join(CACHE, 'pnpm');

/** What a user may have set on purpose to reach a package source; every other `npm_*` comes from the npm around us. */
const KEPT_NPM_VARIABLES = /^npm_config_(registry|proxy|https_proxy|noproxy|cafile|strict_ssl)$/;

/** A failure whose message is all that the reader needs: printed without a stack. */
export class ToolError extends Error {
  exitCode = 1;
}

/** @param {string} text */
export function note(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * The environment of every tool: the pinned pnpm and the workspace's own binaries first on PATH, nothing of the npm
 * that may have started us, and native modules compiled against the headers of the Node that runs.
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnv() {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('npm_') || KEPT_NPM_VARIABLES.test(name)) env[name] = value;
  }
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include', 'node', 'node.h'))) env.npm_config_nodedir = prefix;
  env.TURBO_TELEMETRY_DISABLED = '1';
  env.DO_NOT_TRACK = '1';
  env.PATH = [
    dirname(process.execPath),
    join(PNPM_HOME, 'node_modules', '.bin'),
    join(ROOT, 'node_modules', '.bin'),
    process.env.PATH,
  ].join(delimiter);
  return env;
}

/**
 * Runs a command to its end; its output goes to `stdio`, by default to our stderr, so that stdout stays free.
 * With `quiet` it is shown only when the command fails. A signal sent to us goes on to the command.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {import('node:child_process').StdioOptions} [options.stdio]
 * @param {boolean} [options.quiet]
 * @returns {Promise<number>} its exit status, 128 + n when a signal ended it
 */
export function run(command, args, { cwd = ROOT, env = toolEnv(), stdio = ['ignore', 2, 2], quiet = false } = {}) {
  return new Promise((settle, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : stdio });
    /** @type {Buffer[]} */
    const held = [];
    child.stdout?.on('data', (chunk) => held.push(chunk));
    child.stderr?.on('data', (chunk) => held.push(chunk));
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.once('error', (cause) => {
      reject(new ToolError(`cannot run ${command}: ${cause.message}`, { cause }));
    });
    child.once('close', (code, signal) => {
      if (code !== 0) for (const chunk of held) process.stderr.write(chunk);
      process.off('SIGINT', forward).off('SIGTERM', forward);
      settle(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}

/** @returns {string} the version that package.json pins as `packageManager` */
function pinnedPnpm() {
  const { packageManager } = readJson(join(ROOT, 'package.json'));
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(String(packageManager))?.[1];
  if (version === undefined) throw new ToolError('package.json: "packageManager" must name an exact pnpm version');
  return version;
}

/** Puts the pinned pnpm into the git-ignored .cache/, unless it is there. The only thing npm is needed for. */
export async function ensurePnpm() {
  const version = pinnedPnpm();
  const manifest = join(PNPM_HOME, 'node_modules', 'pnpm', 'package.json');
  if (existsSync(manifest) && readJson(manifest).version === version) return;

  note(`bootstrap: installing pnpm ${version} into .cache/`);
  const fresh = join(CACHE, `pnpm-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  try {
    // A package.json of its own keeps npm from taking the workspace for the place to install to.
    writeFileSync(join(fresh, 'package.json'), '{"private":true}\n');
    const args = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
    const status = await run('npm', [...args, `pnpm@${version}`], { cwd: fresh });
    if (status !== 0) {
      throw new ToolError(`npm could not install pnpm ${version} (exit status ${status}); is the network reachable?`);
    }
    rmSync(PNPM_HOME, { recursive: true, force: true });
    renameSync(fresh, PNPM_HOME);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * @param {string} path
 * @returns {Record<string, unknown>}
 */
export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * Runs a script's main function: its number is the exit status, a ToolError is one line on stderr.
 * @param {() => Promise<number | undefined | void>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    note(`error: ${error.message}`);
    process.exitCode = error.exitCode;
  }
}
