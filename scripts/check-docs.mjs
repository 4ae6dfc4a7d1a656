// Runs the commands that the documents show, so that they keep working. Every shell block carries a mark that says
// how (see doc-commands.mjs). Blocks beside a server run in its folder; the address that a document shows becomes
// that of the server, which listens on a free port; `execgo` is the program of this repository.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { docBlocks, outputMatches } from './doc-commands.mjs';
import { freePort } from './free-port.mjs';
import { note, ROOT, runMain, ToolError, toolEnv } from './toolchain.mjs';

const BLOCK_TIMEOUT_MS = 600_000;
const SERVER_START_MS = 60_000;
const SERVER_STOP_MS = 20_000;
const BIN = join(ROOT, 'apps/execgo/bin/execgo.js');
const SHOWN_ADDRESS = /\b(127\.0\.0\.1|localhost):8080\b/g;

/** README.md, AGENTS.md, CONTRIBUTING.md, … and everything in docs/. */
function documents() {
  const inRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const inDocs = existsSync(join(ROOT, 'docs')) ? readdirSync(join(ROOT, 'docs'), { recursive: true }) : [];
  const below = inDocs.map((name) => join('docs', String(name))).filter((name) => name.endsWith('.md'));
  return [...inRoot, ...below].sort();
}

/**
 * @param {string} script
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} where
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string }>}
 */
async function shell(script, { cwd, env }) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    printed.stderr += text;
  });
  const timer = setTimeout(() => process.kill(-Number(child.pid), 'SIGKILL'), BLOCK_TIMEOUT_MS);
  const [status] = await once(child, 'close');
  clearTimeout(timer);
  return { status, ...printed };
}

/** Starts the built server in a folder of its own and waits until it is ready. */
async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'execgo-docs-'));
  // As `npm install @execgo/client` would have it.
  mkdirSync(join(folder, 'node_modules/@execgo'), { recursive: true });
  symlinkSync(join(ROOT, 'packages/client'), join(folder, 'node_modules/@execgo/client'));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, [BIN, 'serve', '--addr', address], {
    cwd: folder,
    env: toolEnv(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');

  async function stop() {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), SERVER_STOP_MS);
    const [status] = await exited;
    clearTimeout(killer);
    rmSync(folder, { recursive: true, force: true });
    return status;
  }

  for (const deadline = Date.now() + SERVER_START_MS; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`http://${address}/readyz`).catch(() => undefined);
    if (answer?.ok) return { address, folder, stop };
  }
  await stop();
  throw new ToolError('the server for the documents did not become ready');
}

/**
 * @param {string} path
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string[]>} what is wrong with this document, one line each
 */
async function check(path, env) {
  const blocks = docBlocks(readFileSync(join(ROOT, path), 'utf8'));
  /** @type {string[]} */
  const problems = [];
  /** @type {Awaited<ReturnType<typeof startServer>> | undefined} */
  let server;
  let printed = '';
  try {
    for (const { kind, line, text } of blocks) {
      const place = `${path}:${line}`;
      if (kind === 'skip') continue;
      if (kind === 'unmarked') {
        problems.push(`${place}: mark this block: <!-- ci -->, <!-- ci: server --> or <!-- ci: skip, why -->`);
        continue;
      }
      if (kind === 'output') {
        if (!outputMatches(text, printed))
          problems.push(`${place}: shows another output than the command gives:\n${printed}`);
        continue;
      }
      note(`${place}: running`);
      if (kind === 'server') server ??= await startServer();
      const where = kind === 'server' && server !== undefined ? server.folder : ROOT;
      const script = kind === 'server' && server !== undefined ? text.replace(SHOWN_ADDRESS, server.address) : text;
      const { status, stdout, stderr } = await shell(script, { cwd: where, env });
      printed = stdout;
      if (status !== 0) problems.push(`${place}: exit status ${status}\n${stdout}${stderr}`);
    }
  } finally {
    const status = await server?.stop();
    if (status !== undefined && status !== 0) problems.push(`${path}: the server ended with exit status ${status}`);
  }
  return problems;
}

await runMain(async () => {
  /** @type {string[]} */
  const problems = [];
  const bin = mkdtempSync(join(tmpdir(), 'execgo-bin-'));
  symlinkSync(BIN, join(bin, 'execgo'));
  const env = toolEnv();
  env.PATH = `${bin}${delimiter}${env.PATH}`;
  try {
    for (const path of documents()) problems.push(...(await check(path, env)));
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
  for (const problem of problems) note(problem);
  if (problems.length > 0) throw new ToolError(`${problems.length} problems with the commands in the documents`);
});
