import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

const REMOVAL = 'UNLINK';
/** Takes the same keys, answers alike, and is as long. */
const HARMLESS = 'EXISTS';

/** Stands between the cache and Redis, and makes the network as bad as a test wants it. */
export class RedisProxy {
  /** Removals are answered and not carried out, as by a Redis that dies after it and comes back with what it had saved before. */
  losesRemovals = false;
  /** Removals that were lost so far. */
  lost = 0;
  /** How late each answer is, in milliseconds. */
  delayMs = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.serve(client));
  }

  static async start(target: number): Promise<RedisProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RedisProxy(server, target);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends every connection, as a network does that has gone away. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  /** Never left out: an answer that is missing would move all that follow to the wrong question, which TCP does not do. */
  private withoutRemoval(command: Buffer): Buffer {
    if (nameOf(command) !== REMOVAL) return command;
    this.lost += 1;
    const harmless = Buffer.from(command);
    // `*<parts>`, `$<length>` and the name, each a line.
    harmless.write(HARMLESS, command.indexOf('\r\n', command.indexOf('$')) + 2, 'latin1');
    return harmless;
  }

  private serve(client: Socket): void {
    const redis = createConnection({ port: this.target, host: '127.0.0.1' });
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    let rest = Buffer.alloc(0);
    client.on('data', (bytes) => {
      const { commands, left } = splitCommands(Buffer.concat([rest, bytes]));
      rest = left;
      for (const command of commands) {
        redis.write(this.losesRemovals ? this.withoutRemoval(command) : command);
      }
    });
    redis.on('data', (bytes) => {
      if (this.delayMs === 0) client.write(bytes);
      else setTimeout(() => client.write(bytes), this.delayMs);
    });
  }
}

/** The commands that are whole, each as it was sent, and what is left of the next one (RESP arrays of bulk strings). */
function splitCommands(bytes: Buffer): { commands: readonly Buffer[]; left: Buffer<ArrayBuffer> } {
  const commands: Buffer[] = [];
  let from = 0;
  for (let end = endOfCommand(bytes, from); end !== undefined; end = endOfCommand(bytes, from)) {
    commands.push(bytes.subarray(from, end));
    from = end;
  }
  return { commands, left: Buffer.from(bytes.subarray(from)) };
}

function endOfCommand(bytes: Buffer, from: number): number | undefined {
  const head = readNumber(bytes, from);
  if (head === undefined) return undefined;
  let at = head.end;
  for (let part = 0; part < head.value; part += 1) {
    const length = readNumber(bytes, at);
    if (length === undefined) return undefined;
    at = length.end + length.value + 2;
  }
  return at <= bytes.length ? at : undefined;
}

/** The number after a type byte, up to its line feed. */
function readNumber(bytes: Buffer, from: number): { value: number; end: number } | undefined {
  const end = bytes.indexOf('\r\n', from);
  return end < 0 ? undefined : { value: Number(bytes.toString('latin1', from + 1, end)), end: end + 2 };
}

function nameOf(command: Buffer): string {
  return command.toString('latin1').split('\r\n')[2]?.toUpperCase() ?? '';
}
