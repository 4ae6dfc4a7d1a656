import type { Client } from '@modelcontextprotocol/client';
import type { ServerTransport } from '../transport/server-transport.js';
import type { Session } from './server-connection.js';

/** A connected client. */
export class McpSession implements Session {
  onLost?: () => void;
  private timeouts = 0;

  constructor(
    readonly client: Client,
    private readonly transport: ServerTransport,
  ) {
    const { onmessage } = transport;
    transport.onmessage = (message, extra) => {
      this.timeouts = 0;
      onmessage?.(message, extra);
    };
    client.onclose = () => this.onLost?.();
    if (transport.isOver) queueMicrotask(() => this.onLost?.());
  }

  /** Whether it is a session in the sense of streamable HTTP: one that the server may forget. */
  get hasSessionId(): boolean {
    return this.transport.sessionId !== undefined;
  }

  /** A call was given up. Gives how many were since the last message of the server. */
  timedOut(): number {
    this.timeouts += 1;
    return this.timeouts;
  }

  async close(): Promise<void> {
    await this.transport.farewell();
    // Both reach the transport; the client's does so only while it is connected.
    await this.client.close().catch(() => undefined);
    await this.transport.close().catch(() => undefined);
  }
}
