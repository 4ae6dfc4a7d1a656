/** On every answer. */
export const TRACE_ID_HEADER = { 'X-Trace-ID': { $ref: '#/components/headers/TraceId' } };

export const TRACE_ID = {
  description: 'The `X-Trace-ID` of the request where it was 1–128 visible ASCII characters, else a fresh one.',
  schema: { type: 'string' },
  example: '5f0c2a9d7b1e4c38',
};
