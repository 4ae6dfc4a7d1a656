import { Reconnection } from './reconnection.js';
import type { SseMessage } from './sse-parser.js';
import type { Request, Transport } from './transport.js';

/** A message that is an event. */
export type SseEvent = SseMessage & { readonly data: string };

/**
 * An event stream over cuts and restarts of the server: it is begun again where it broke off, after the last message that came
 * whole. It never ends by itself: whoever reads it knows the end.
 */
export async function* resumedStream(
  transport: Transport,
  request: Request,
): AsyncGenerator<SseEvent, never, undefined> {
  const reconnection = new Reconnection(transport.options.retry);
  let position: string | undefined;
  for (;;) {
    let broken: unknown;
    const resumed = position === undefined ? request : { ...request, headers: { 'Last-Event-ID': position } };
    try {
      for await (const message of transport.messages(resumed, reconnection.contact)) {
        position = message.id ?? position;
        if (message.data !== undefined) yield message as SseEvent;
      }
      broken = transport.ended();
    } catch (error) {
      broken = error;
    }
    await reconnection.pause(broken, request.signal);
  }
}
