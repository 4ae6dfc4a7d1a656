import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { ExecGoError } from '@execgo/core';
import { freePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';

const PROGRAM = 'redis-server';
const START_MS = 30_000;

/** A real `redis-server` on a port and in a directory of its own. */
export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** One command in plain words, such as `FLUSHALL`; resolves to its first reply line as Redis wrote it: `+OK`, `:3`. */
  command(words: string): Promise<string>;
  /** SIGSTOP: it accepts connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port, with what it had saved. */
  restart(): Promise<void>;
  /** Ends it and removes its directory. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts one, with these further arguments of `redis-server`; resolves when it answers. It saves nothing by itself.
 *
 * @throws ExecGoError `not_found` when `redis-server` is not installed
 */
export async function startRedisServer(args: readonly string[] = []): Promise<RedisServer> {
  const place = await temporaryDirectory();
  const port = await freePort();
  const launch = () =>
    launchRedis(['--port', String(port), '--bind', '127.0.0.1', '--dir', place.path, '--save', '', ...args], port);
  let child: ChildProcess | undefined = await launch();
  const kill = async () => {
    const dying = child;
    child = undefined;
    if (dying === undefined) return;
    const gone = once(dying, 'close');
    dying.kill('SIGKILL');
    await gone;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command: (words) => ask(port, words),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    restart: async () => {
      child = await launch();
    },
    stop: async () => {
      await kill();
      await place.remove();
    },
  };
}

async function launchRedis(args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(PROGRAM, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (cause) => {
      const missing = `${PROGRAM} cannot be started; on Debian run: apt-get install redis-server`;
      reject(new ExecGoError('not_found', missing, { cause }));
    });
    child.once('close', () => reject(new ExecGoError('launch_failed', `redis-server ended:\n${log}`)));
  });
  ended.catch(() => undefined);
  const deadline = performance.now() + START_MS;
  for (;;) {
    const answer = await Promise.race([ask(port, 'PING').catch(() => 'nothing'), ended]);
    // With a password it is ready as well.
    if (answer.startsWith('+PONG') || answer.startsWith('-NOAUTH')) return child;
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new ExecGoError('timeout', `redis-server did not answer within ${START_MS} ms:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function ask(port: number, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = '';
    const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write(`${words}\r\n`));
    socket.setEncoding('utf8').on('data', (text: string) => {
      reply += text;
      if (reply.includes('\r\n')) socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(reply.split('\r\n')[0] ?? ''));
  });
}
