import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RunningServer } from '../../src/index.js';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Everything that came, byte for byte. */
  readonly text: string;
}

export async function openSocket({ address }: RunningServer): Promise<Socket> {
  const socket = connect(address.port, address.host);
  socket.on('error', () => {}); // The server may cut the connection: what came before counts.
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes as they are and reads until the server closes the connection. */
export async function sendRaw(server: RunningServer, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = await openSocket(server);
  socket.write(bytes);
  return readToEnd(socket);
}

/** A whole request with these header lines, none added but `Connection: close`. */
export function sendLines(server: RunningServer, ...lines: readonly string[]): Promise<RawAnswer> {
  return sendRaw(server, `${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
}

export async function readToEnd(socket: Socket): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await once(socket, 'close');
  return parseAnswer(Buffer.concat(chunks).toString('utf8'));
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*: ?/, '')]),
  );
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: text.slice(end + 4), text };
}
