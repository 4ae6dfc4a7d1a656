import type { Client } from '@modelcontextprotocol/client';
import type { ServerTransport } from '../transport/server-transport.js';
import type { Session } from './server-connection.js';

/** A connected client. */
export class McpSession implements Session {
  onLost?: () => void;

  constructor(
    readonly client: Client,
    private readonly transport: ServerTransport,
  ) {
    client.onclose = () => this.onLost?.();
    if (transport.isOver) queueMicrotask(() => this.onLost?.());
  }

  /** Whether it is a session in the sense of streamable HTTP: one that the server may forget. */
  get hasSessionId(): boolean {
    return this.transport.sessionId !== undefined;
  }

  async close(): Promise<void> {
    await this.transport.farewell();
    // Both reach the transport; the client's does so only while it is connected.
    await this.client.close().catch(() => undefined);
    await this.transport.close().catch(() => undefined);
  }
}
