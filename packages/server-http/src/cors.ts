const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-Range, Last-Event-ID, Range, X-Trace-ID';
const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Content-Range',
  'ETag',
  'Link',
  'Retry-After',
  'X-Next-Cursor',
  'X-Output-Attempt',
  'X-Output-Truncated',
  'X-Trace-ID',
].join(', ');
const PREFLIGHT_AGE_SEC = 600;

/** What lets a page of a listed origin read the answer. */
export function corsHeaders(origin: string): Record<string, string> {
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': EXPOSED_HEADERS,
    Vary: 'Origin',
  };
}

/** What a browser asks before it sends a request of such a page (Fetch standard, CORS-preflight). */
export function preflightHeaders(methods: string): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': ALLOWED_HEADERS,
    'Access-Control-Max-Age': String(PREFLIGHT_AGE_SEC),
  };
}
