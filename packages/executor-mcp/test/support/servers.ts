import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '@execgo/testkit';
import type { McpServerConfig, McpServerSettings } from '../../src/index.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const require = createRequire(import.meta.url);

/** The published servers, as configured for stdio. */
export const EVERYTHING = require.resolve('@modelcontextprotocol/server-everything/dist/index.js');
export const FILESYSTEM = require.resolve('@modelcontextprotocol/server-filesystem/dist/index.js');
export const MEMORY = require.resolve('@modelcontextprotocol/server-memory/dist/index.js');
const FIXTURE = here('./fixture-server.mjs');
const MODERN = here('./modern-server.mjs');

export function nodeServer(
  script: string,
  args: readonly string[] = [],
  execgo: McpServerSettings = {},
  env: Readonly<Record<string, string>> = {},
): McpServerConfig {
  return { command: process.execPath, args: [script, ...args], env, execgo };
}

/** The server of fixture-server.mjs, with its ways changed. It knows no other era, so nobody need ask. */
export function fixture(ways: Readonly<Record<string, unknown>> = {}, execgo: McpServerSettings = {}): McpServerConfig {
  return nodeServer(FIXTURE, [JSON.stringify(ways)], { era: 'legacy', ...execgo });
}

export function modernOverStdio(execgo: McpServerSettings = {}): McpServerConfig {
  return nodeServer(MODERN, ['stdio'], execgo);
}

/** A server process over HTTP, ended by its pid. */
export interface HttpServerProcess {
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export async function startEverything(port?: number): Promise<HttpServerProcess> {
  const own = port ?? (await freePort());
  const child = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { ...process.env, PORT: String(own) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await said(child, /listening|running/i);
  return processOf(child, own);
}

export async function startModern(how: 'http' | 'modern-only' = 'http', port = 0): Promise<HttpServerProcess> {
  const child = spawn(process.execPath, [MODERN, how, String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
  return processOf(child, Number(await said(child, /^\d+$/)));
}

function processOf(child: ChildProcess, port: number): HttpServerProcess {
  const pid = child.pid ?? 0;
  return {
    port,
    pid,
    url: `http://127.0.0.1:${port}/mcp`,
    async kill(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}

/** The first line of a child's output that matches. */
async function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      const lines = createInterface({ input });
      lines.on('line', (line) => {
        if (pattern.test(line)) resolve(line);
      });
    }
  });
}
