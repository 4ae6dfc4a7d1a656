import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { freshTraceId } from '@execgo/access';

/** What Node's parser refused before there was a request: which status, and in words. */
function refusalOf(error: NodeJS.ErrnoException): readonly [status: number, message: string] {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'the headers of the request are too large'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'the request did not arrive in time'];
    default:
      return [400, `malformed HTTP request: ${error.message}`];
  }
}

/** The body of an error answer for a request that never reached the app. */
export function transportError(message: string, traceId: string): string {
  return JSON.stringify({ error: message, code: 'invalid_input', trace_id: traceId });
}

/** Answers a connection on which no request could be read, in the form of every other error, and closes it. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex & { bytesWritten?: number }): void {
  // After a reset nobody listens; after the first bytes of another answer a second one would corrupt it.
  if (error.code === 'ECONNRESET' || !socket.writable || answerBegun(socket)) {
    socket.destroy();
    return;
  }
  const [status, message] = refusalOf(error);
  const traceId = freshTraceId();
  const body = transportError(message, traceId);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Trace-ID: ${traceId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Node keeps the response under way on the socket (`_httpMessage`); there is no public way to ask. */
function answerBegun(socket: Duplex): boolean {
  const { _httpMessage: current } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null };
  return current?.headersSent === true;
}
