/** What the document shows. A test holds each against its schema. */

export const GRAPH_EXAMPLE = {
  tasks: [
    { id: 'build', type: 'os', tool_name: 'shell', input: { command: 'ls', args: ['-l'] }, timeout: 60_000 },
    {
      id: 'report',
      type: 'os',
      tool_name: 'file',
      input: { action: 'write', path: 'report.txt', content: { $from: 'build', pointer: '/stdout' } },
      depends_on: ['build'],
    },
  ],
};

export const RECEIPT_EXAMPLE = { accepted: 2, task_ids: ['build', 'report'], graph_id: 'g17-5d1f0a2b' };

const RESULT = { stdout: 'total 0\n', stderr: '', exit_code: 0, runner: 'direct' };

export const TASK_EXAMPLE = {
  id: 'build',
  type: 'os',
  tool_name: 'shell',
  input: { command: 'ls', args: ['-l'] },
  timeout: 60_000,
  status: 'success',
  run_status: 'success',
  result: RESULT,
  runtime: {
    status: 'success',
    output: RESULT,
    started_at: '2026-01-31T09:00:00.012Z',
    finished_at: '2026-01-31T09:00:00.031Z',
    duration_ms: 19,
    attempt: 1,
  },
  created_at: '2026-01-31T09:00:00.000Z',
  updated_at: '2026-01-31T09:00:00.031Z',
  graph_id: 'g17-5d1f0a2b',
};

export const CANCELLED_EXAMPLE = {
  id: 'build',
  type: 'os',
  tool_name: 'shell',
  input: { command: 'ls', args: ['-l'] },
  status: 'failed',
  run_status: 'cancelled',
  runtime: { status: 'cancelled', attempt: 1, error: { code: 'cancelled', message: 'cancelled: wrong branch' } },
  error: 'cancelled: wrong branch',
  created_at: '2026-01-31T09:00:00.000Z',
  updated_at: '2026-01-31T09:00:00.031Z',
  graph_id: 'g17-5d1f0a2b',
};

export const SUMMARY_EXAMPLE = {
  graph_id: 'g17-5d1f0a2b',
  counts: { success: 1, running: 1 },
  task_ids: ['build', 'report'],
  done: false,
};

export const CANCELLED_SUMMARY_EXAMPLE = { ...SUMMARY_EXAMPLE, counts: { failed: 2 }, done: true };

export const EVENT_EXAMPLE = {
  seq: 19,
  type: 'task_started',
  task_id: 'build',
  graph_id: 'g17-5d1f0a2b',
  timestamp: '2026-01-31T09:00:00.012Z',
  data: { attempt: 1 },
};

export const EVENT_STREAM_EXAMPLE = `: from here on
id: 18

id: 19
event: task_started
data: ${JSON.stringify(EVENT_EXAMPLE)}

`;

export const OUTPUT_EXAMPLE = {
  task_id: 'build',
  attempt: 1,
  status: 'success',
  live: false,
  stdout: { bytes: 8, kept: 8, truncated: false, text: 'total 0\n' },
  stderr: { bytes: 0, kept: 0, truncated: false, text: '' },
};

export const OUTPUT_STREAM_EXAMPLE = `id: 0-0-r1
event: attempt
data: {"task_id":"build","attempt":1}

id: 8-0-r1
event: task_output
data: {"task_id":"build","attempt":1,"stream":"stdout","offset":0,"text":"total 0\\n"}

`;
