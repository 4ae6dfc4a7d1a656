import { onTestFinished } from 'vitest';
import type { RunningServer } from '../../src/index.js';

export interface SseMessage {
  readonly id: string | undefined;
  readonly event: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into events of any form.
  readonly data: any;
}

/** An event stream as a client reads it: messages as they come, comments left out. */
export interface SseStream {
  readonly headers: Headers;
  /** Every character so far, comments too. */
  readonly received: string;
  take(count: number): Promise<readonly SseMessage[]>;
  /** Up to and including the first that fits. */
  until(fits: (message: SseMessage) => boolean): Promise<readonly SseMessage[]>;
  /** To the end, which the server makes. */
  rest(): Promise<readonly SseMessage[]>;
  close(): Promise<void>;
}

export async function openStream(
  server: RunningServer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SseStream> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(server.url + path, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  });
  const waiting: SseMessage[] = [];
  let received = '';
  let ended = false;
  let wake = (): void => {};

  const reading = (async () => {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const text = decoder.decode(chunk as Uint8Array, { stream: true });
      received += text;
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      waiting.push(...blocks.filter((block) => !block.startsWith(':')).map(parseBlock));
      wake();
    }
  })()
    .catch((error: unknown) => {
      if (!abort.signal.aborted) throw error;
    })
    .finally(() => {
      ended = true;
      wake();
    });

  async function next(): Promise<SseMessage | undefined> {
    while (waiting.length === 0 && !ended) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return waiting.shift();
  }

  async function collect(enough: (messages: readonly SseMessage[]) => boolean): Promise<readonly SseMessage[]> {
    const messages: SseMessage[] = [];
    while (!enough(messages)) {
      const message = await next();
      if (message === undefined) break;
      messages.push(message);
    }
    return messages;
  }

  return {
    headers: response.headers,
    get received() {
      return received;
    },
    take: (count) => collect((messages) => messages.length >= count),
    until: (fits) => collect((messages) => messages.some(fits)),
    rest: () => collect(() => false),
    async close() {
      abort.abort();
      await reading;
    },
  };
}

function parseBlock(block: string): SseMessage {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  return { id: fields.get('id'), event: fields.get('event'), data: JSON.parse(fields.get('data') ?? 'null') };
}
