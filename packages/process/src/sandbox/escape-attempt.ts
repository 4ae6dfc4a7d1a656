import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ExecGoError } from '@execgo/core';
import type { Confinement } from '../confinement.js';
import { runProcess } from '../run-process.js';
import { isWithin } from './visible-folders.js';

/** A program in a sandbox that takes longer than this does not run. */
const ATTEMPT_MS = 20_000;

/**
 * Runs inside. It tells what it managed, and leaves traces that are looked for outside, so that nothing depends on its word but
 * that it ran at all. Digests, since what it might read are secrets.
 */
const ATTEMPT = `
const { readdirSync, readFileSync, writeFileSync, mkdirSync } = require('node:fs');
const { createHash } = require('node:crypto');
const { connect } = require('node:net');
const { dirname } = require('node:path');
const { inside, targets, port } = JSON.parse(process.argv[1]);
const seen = [];
for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
  try {
    const facts = ['environ', 'cmdline'].map((name) => readFileSync('/proc/' + pid + '/' + name));
    seen.push(createHash('sha256').update(Buffer.concat(facts)).digest('hex'));
  } catch {}
}
for (const target of targets) {
  for (const path of [target, '/proc/1/root' + target, '/proc/self/root' + target]) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, 'escaped');
    } catch {}
  }
}
const socket = connect(port, '127.0.0.1');
socket.once('connect', () => end(true)).once('error', () => end(false));
setTimeout(() => end(false), 2000).unref();
function end(connected) {
  writeFileSync(inside, 'written inside');
  process.stdout.write(JSON.stringify({ seen, connected }));
  process.exit(0);
}
`;

/**
 * Lets a program try to get out of a sandbox.
 *
 * @param confinementWith makes it, showing what it is given beside the system
 * @throws ExecGoError `sandbox_setup_failed` saying what did not hold, or why nothing ran in it
 */
export async function tryToEscape(confinementWith: (readable: readonly string[]) => Confinement): Promise<void> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'execgo-sandbox-')));
  const inside = join(base, 'inside');
  const traces = [join(base, 'outside', 'trace'), `/${basename(base)}`, `/usr/${basename(base)}`];
  mkdirSync(inside);
  mkdirSync(join(base, 'outside'));
  const connections = await Listener.open();
  try {
    const plan = { inside: join(inside, 'made'), targets: traces, port: connections.port };
    const node = realpathSync(process.execPath);
    const outcome = await runProcess({
      file: node,
      args: ['-e', ATTEMPT, JSON.stringify(plan)],
      cwd: inside,
      env: { PATH: '/usr/bin:/bin' },
      limits: { wall_time_ms: ATTEMPT_MS },
      network: false,
      writable: [inside],
      confinement: confinementWith(isWithin(node, '/usr') ? [] : [node]),
    });
    if (outcome.exitCode !== 0 || !existsSync(plan.inside) || readFileSync(plan.inside, 'utf8') !== 'written inside') {
      const how =
        outcome.end === 'exited' ? outcome.stderr.text.trim() || outcome.signal || outcome.exitCode : outcome.end;
      throw failed(`a program in the sandbox did not run as it should: ${how}`);
    }
    const { seen, connected } = JSON.parse(outcome.stdout.text) as { seen: readonly string[]; connected: boolean };
    if (seen.includes(ownFacts())) throw failed('a program in the sandbox could read the environment of this process');
    const written = traces.find((trace) => existsSync(trace));
    if (written !== undefined) throw failed(`a program in the sandbox could write ${written}`);
    if (connected || connections.count > 0)
      throw failed('a program in the sandbox, without network, reached a port of this machine');
  } finally {
    connections.close();
    for (const trace of [base, ...traces]) rmSync(trace, { recursive: true, force: true });
  }
}

/**
 * Lets an ordinary command use the folders that commands are going to be given.
 *
 * @throws ExecGoError `sandbox_setup_failed` when one cannot be used inside
 */
export async function tryFolders(confinement: Confinement, writable: readonly string[]): Promise<void> {
  const script =
    'for folder; do test -d "$folder" -a -w "$folder" || { echo "$folder cannot be written to" >&2; exit 1; }; done';
  const outcome = await runProcess({
    file: '/bin/sh',
    args: ['-c', script, 'sh', ...writable.map((path) => realpathSync(path))],
    env: { PATH: '/usr/bin:/bin' },
    limits: { wall_time_ms: ATTEMPT_MS },
    writable,
    confinement,
  });
  if (outcome.exitCode !== 0) throw failed(`an ordinary command fails in the sandbox: ${outcome.stderr.text.trim()}`);
}

/** What the attempt would have read of this process. */
function ownFacts(): string {
  const facts = ['environ', 'cmdline'].map((name) => readFileSync(`/proc/self/${name}`));
  return createHash('sha256').update(Buffer.concat(facts)).digest('hex');
}

/** A port of this machine's loopback that counts who comes. */
class Listener {
  count = 0;

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.count += 1;
      socket.destroy();
    });
  }

  static async open(): Promise<Listener> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return new Listener(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
  }
}

function failed(problem: string): ExecGoError {
  return new ExecGoError('sandbox_setup_failed', problem);
}
