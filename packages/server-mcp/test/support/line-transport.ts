import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';

/** A client's end of stdio over two streams of this process. */
export class LineTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T) => void;
  private rest = '';

  constructor(
    private readonly incoming: Readable,
    private readonly outgoing: Writable,
  ) {}

  async start(): Promise<void> {
    this.incoming.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.rest + text).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.onmessage?.(JSON.parse(line));
    });
    this.incoming.once('close', () => this.onclose?.());
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.outgoing.write(`${JSON.stringify(message)}\n`);
  }

  /** As a client that goes away: it closes its end. */
  async close(): Promise<void> {
    this.outgoing.end();
    this.onclose?.();
  }
}
