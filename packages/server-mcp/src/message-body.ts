import { ExecGoError, errorMessage } from '@execgo/core';
import { isJsonContentType, readRequestBody } from '@modelcontextprotocol/server';

/**
 * The message in the body of a request.
 *
 * @throws ExecGoError `unsupported_media_type`, `too_large`, `invalid_input`
 */
export async function messageBody(request: Request, maxBytes: number): Promise<unknown> {
  if (!isJsonContentType(request.headers.get('content-type'))) {
    throw new ExecGoError('unsupported_media_type', 'send application/json');
  }
  const read = await readRequestBody(request, maxBytes).catch((cause: unknown) => {
    throw new ExecGoError('invalid_input', 'the body ended before it was complete', { cause });
  });
  if (read.tooLarge) {
    throw new ExecGoError('too_large', `the message is larger than the limit of ${maxBytes} bytes`);
  }
  try {
    return JSON.parse(read.text);
  } catch (cause) {
    throw new ExecGoError('invalid_input', `invalid JSON: ${errorMessage(cause)}`, { cause });
  }
}
