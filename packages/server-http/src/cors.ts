const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Trace-ID';
const EXPOSED_HEADERS = 'Link, Retry-After, X-Next-Cursor, X-Trace-ID';
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
