import { request } from 'node:http';

/** An answer whose body has been read as JSON, where it is JSON. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
}

export async function post<T = Record<string, unknown>>(url: string, body: unknown): Promise<Answer<T>> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

export async function get<T = Record<string, unknown>>(url: string): Promise<Answer<T>> {
  const response = await fetch(url);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** A task as the wire shows it, as far as tests look at it. */
export interface WireTask {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly runtime?: {
    readonly attempt: number;
    readonly started_at: string;
    readonly finished_at: string;
    readonly error?: { readonly code: string };
  };
  readonly [field: string]: unknown;
}

/** The task once it is terminal. */
export async function finished(url: string, id: string): Promise<WireTask> {
  for (;;) {
    const { body } = await get<WireTask>(`${url}/tasks/${encodeURIComponent(id)}?wait=10000`);
    if (body.status !== 'pending' && body.status !== 'running') return body;
  }
}

export interface RawRequest {
  /** @default 'POST' */
  readonly method?: string;
  /** Sent as it is, unlike a URL, in which `..` would be resolved. */
  readonly path: string;
  /** Sent as they are, `Host` and `Origin` too; an empty `Host` is left out. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Send the body in chunks, without a length. */
  readonly chunked?: boolean;
}

/** A request that `fetch` would not send as it stands. */
export function send<T = Record<string, unknown>>(
  url: string,
  { method = 'POST', path, headers = {}, body, chunked }: RawRequest,
): Promise<Answer<T>> {
  const length = body === undefined || chunked ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const setHost = headers.Host !== '';
    const outgoing = request({
      hostname,
      port,
      method,
      path,
      setHost,
      headers: { ...length, ...headers },
      agent: false,
    });
    if (!setHost) outgoing.removeHeader('Host');
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : JSON.parse(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
