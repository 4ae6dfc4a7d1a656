import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/server';

/** Has no answer for as long as the connection lasts. */
const SUBSCRIPTION = 'subscriptions/listen';

/** A transport that knows which requests of the client are still to be answered. */
export class CountedTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  private readonly unanswered = new Set<string | number>();
  private readonly waiting = new Set<() => void>();
  private isClosed = false;

  constructor(private readonly inner: Transport) {}

  start(): Promise<void> {
    this.inner.onerror = (error) => this.onerror?.(error);
    this.inner.onclose = () => {
      this.isClosed = true;
      this.wake();
      this.onclose?.();
    };
    this.inner.onmessage = (message) => {
      if (isJSONRPCRequest(message) && message.method !== SUBSCRIPTION) this.unanswered.add(message.id);
      // Nobody answers what was given up.
      else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
        this.settle(message.params?.requestId);
      }
      this.onmessage?.(message);
    };
    return this.inner.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    try {
      await this.inner.send(message);
    } finally {
      if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) this.settle(message.id);
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** Resolves when every request that came has its answer, nobody can be answered any more, or the time is over. */
  answered(timeoutMs: number): Promise<void> {
    if (this.unanswered.size === 0 || this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      // Not a timer of the clock: this one keeps the process alive, where the input that did so has ended.
      const timer = setTimeout(done, timeoutMs);
      this.waiting.add(done);
    });
  }

  private settle(id: unknown): void {
    this.unanswered.delete(id as string | number);
    if (this.unanswered.size === 0) this.wake();
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}
