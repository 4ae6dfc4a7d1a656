import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface DnsRecords {
  readonly cname?: string;
  /** Each text in its parts. */
  readonly txt?: readonly (readonly string[])[];
}

const TYPE_CNAME = 5;
const TYPE_TXT = 16;
const NAME_ERROR = 3;

/** Answers questions for CNAME and TXT records over UDP on loopback (RFC 1035), and says NXDOMAIN of unknown names. */
export class DnsServer {
  private constructor(private readonly socket: Socket) {}

  static async start(zone: Readonly<Record<string, DnsRecords>>): Promise<DnsServer> {
    const socket = createSocket('udp4');
    socket.on('message', (query, peer) => socket.send(answer(zone, query), peer.port, peer.address));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}

function answer(zone: Readonly<Record<string, DnsRecords>>, query: Buffer): Buffer {
  const { name, end } = readName(query);
  const type = query.readUInt16BE(end);
  const records = zone[name.toLowerCase()];
  const data = records === undefined ? [] : recordData(records, type);
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | (records === undefined ? NAME_ERROR : 0), 2);
  head.writeUInt16BE(data.length, 6);
  head.writeUInt32BE(0, 8);
  const answers = data.map((bytes) => {
    // A pointer to the name of the question, type, class IN, a minute to live, length.
    const fixed = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, 0]);
    fixed.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([fixed, bytes]);
  });
  return Buffer.concat([head, query.subarray(12, end + 4), ...answers]);
}

function recordData(records: DnsRecords, type: number): readonly Buffer[] {
  if (type === TYPE_CNAME && records.cname !== undefined) return [writeName(records.cname)];
  if (type === TYPE_TXT) return (records.txt ?? []).map((parts) => Buffer.concat(parts.map(withLength)));
  return [];
}

function readName(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function writeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').map(withLength), Buffer.from([0])]);
}

function withLength(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}
