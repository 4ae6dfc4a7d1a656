const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
  'X-Trace-ID',
].join(', ');
const PREFLIGHT_AGE_SEC = 600;

/** What lets a page of a listed origin read the answer. */
export function addCorsHeaders(answer: Response, origin: string): void {
  answer.headers.set('Access-Control-Allow-Origin', origin);
  answer.headers.set('Access-Control-Expose-Headers', 'Mcp-Session-Id, X-Trace-ID');
  answer.headers.append('Vary', 'Origin');
}

/** What a browser asks before it sends a request of such a page (Fetch standard, CORS-preflight). */
export function preflightAnswer(methods: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'Access-Control-Allow-Methods': methods,
      'Access-Control-Allow-Headers': ALLOWED_HEADERS,
      'Access-Control-Max-Age': String(PREFLIGHT_AGE_SEC),
    },
  });
}
