import { type ClientOptions, createClient, type ExecGoClient } from '../../src/index.js';

/** A client that tries again at once. */
export function quickClient(url: string, options: Omit<ClientOptions, 'url'> = {}): ExecGoClient {
  return createClient({ url, retry: { baseDelayMs: 1, maxDelayMs: 20 }, ...options });
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new TypeError(`resolved to ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );
}

/** Everything that an iterable gives, up to a number of items. */
export async function take<T>(items: AsyncIterable<T>, count = Number.POSITIVE_INFINITY): Promise<T[]> {
  const taken: T[] = [];
  if (count === 0) return taken;
  for await (const item of items) {
    taken.push(item);
    if (taken.length >= count) break;
  }
  return taken;
}
