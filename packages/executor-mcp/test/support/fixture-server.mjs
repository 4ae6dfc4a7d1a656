// An MCP server over stdio, written against the text of the protocol (2025-11-25) and no SDK, so that it can also do what
// no SDK would. Its one argument is a JSON object that changes its ways; see `ways`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const ways = {
  /** Never answers anything. */
  silent: false,
  /** Ends at once with this exit status, after a word on stderr. */
  exitCode: undefined,
  /** Ends when the first message is not `initialize`. */
  endsOnProbe: false,
  /** Tools a page of tools/list; 0: all in one. */
  pageSize: 0,
  /** The list of tools never ends. */
  endlessList: false,
  /** Milliseconds before each page of it. */
  pageDelayMs: 0,
  /** Neither the end of stdin nor SIGTERM ends it. */
  stubborn: false,
  /** More tools, named tool-0, tool-1, … */
  extraTools: 0,
  ...JSON.parse(process.argv[2] ?? '{}'),
};

const object = (properties = {}, required = []) => ({ type: 'object', properties, required });
const string = { type: 'string' };
const number = { type: 'number' };

const tools = [
  { name: 'echo', description: 'Echoes.', inputSchema: object({ text: string }, ['text']) },
  {
    name: 'add',
    description: 'Adds.',
    inputSchema: { ...object({ a: number, b: number }, ['a', 'b']), additionalProperties: false },
    outputSchema: object({ sum: number }, ['sum']),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  },
  { name: 'mistyped', description: 'Breaks its word.', inputSchema: object(), outputSchema: object({ sum: number }) },
  { name: 'unstructured', description: 'The same.', inputSchema: object(), outputSchema: object({ sum: number }) },
  { name: 'hang', description: 'It and all after it get no answer.', inputSchema: object() },
  { name: 'fail', description: 'Says that it failed.', inputSchema: object({ text: string }) },
  { name: 'refuse', description: 'Answers with an error of JSON-RPC.', inputSchema: object() },
  { name: 'sleep', description: 'Answers after a while.', inputSchema: object({ ms: number, text: string }) },
  {
    name: 'forever',
    description: 'Never answers; says when it began and when it was cancelled.',
    inputSchema: object(),
  },
  { name: 'steps', description: 'Progress, then an answer.', inputSchema: object({ steps: number, everyMs: number }) },
  { name: 'die', description: 'Ends in the middle.', inputSchema: object() },
  {
    name: 'die-repeatable',
    description: 'The same, but harmless to repeat.',
    inputSchema: object(),
    annotations: { idempotentHint: true },
  },
  {
    name: 'noise',
    description: 'Writes to stderr and stdout what is no message.',
    inputSchema: object({ bytes: number }),
  },
  { name: 'huge', description: 'A long text.', inputSchema: object({ bytes: number, idLast: { type: 'boolean' } }) },
  { name: 'grandchildren', description: 'Starts processes that outlive it.', inputSchema: object({ mark: string }) },
  { name: 'grow', description: 'Adds a tool, and says so.', inputSchema: object({ name: string }, ['name']) },
  { name: 'environment', description: 'The names of its variables.', inputSchema: object() },
  { name: 'cancelled', description: 'How many calls were cancelled.', inputSchema: object() },
  { name: 'pid', description: 'Its pid.', inputSchema: object() },
  ...Array.from({ length: ways.extraTools }, (_, at) => ({ name: `tool-${at}`, inputSchema: object() })),
];

let cancelled = 0;
let isHung = false;

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const answer = (id, result) => write({ jsonrpc: '2.0', id, result });
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const progress = (meta, fields) => {
  if (meta?.progressToken === undefined) return;
  const params = { progressToken: meta.progressToken, ...fields };
  write({ jsonrpc: '2.0', method: 'notifications/progress', params });
};

const calls = {
  echo: (id, args) => answer(id, text(args.text)),
  add: (id, { a, b }) => answer(id, { ...text(String(a + b)), structuredContent: { sum: a + b } }),
  fail: (id, args) => answer(id, { ...text(args.text ?? 'it did not work'), isError: true }),
  mistyped: (id) => answer(id, { ...text('done'), structuredContent: { sum: 'three' } }),
  unstructured: (id) => answer(id, text('done')),
  hang() {
    isHung = true;
  },
  refuse: (id, { message = 'refused by the fixture' }) =>
    write({ jsonrpc: '2.0', id, error: { code: -32603, message } }),
  sleep: (id, args) => setTimeout(() => answer(id, text(args.text ?? 'awake')), args.ms),
  forever: (_id, _args, meta) => progress(meta, { progress: 1, message: 'begun' }),
  steps(id, { steps, everyMs = 1 }, meta) {
    let step = 0;
    const timer = setInterval(() => {
      step += 1;
      progress(meta, { progress: step, total: steps, message: `step ${step}` });
      if (step < steps) return;
      clearInterval(timer);
      answer(id, text('done'));
    }, everyMs);
  },
  die: () => process.kill(process.pid, 'SIGKILL'),
  'die-repeatable': () => process.kill(process.pid, 'SIGKILL'),
  noise(id, { bytes }) {
    const line = `${'x'.repeat(1023)}\n`;
    for (let sent = 0; sent < bytes; sent += line.length) {
      process.stderr.write(line);
      process.stdout.write(line);
    }
    process.stdout.write(`${'y'.repeat(1024)}{"jsonrpc":"2.0"\n{"some":"json"}\n{broken\n`);
    answer(id, text('noisy'));
  },
  huge(id, { bytes, idLast }) {
    const result = text('z'.repeat(bytes));
    write(idLast ? { result, jsonrpc: '2.0', id } : { jsonrpc: '2.0', id, result });
  },
  grandchildren(id, { mark }) {
    const options = { stdio: 'ignore' };
    const near = spawn('sleep', [mark], options);
    // In a session of its own, and so in another group.
    const far = spawn('sleep', [mark], { ...options, detached: true });
    for (const child of [near, far]) child.unref();
    answer(id, text('started'));
  },
  grow(id, { name }) {
    tools.push({ name, description: 'New.', inputSchema: object() });
    write({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    answer(id, text('grown'));
  },
  environment: (id) =>
    answer(id, { ...text(Object.keys(process.env).sort().join(' ')), structuredContent: { ...process.env } }),
  cancelled: (id) => answer(id, text(String(cancelled))),
  pid: (id) => answer(id, text(String(process.pid))),
};

const methods = {
  initialize: (id, params) =>
    answer(id, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 'fixture', version: '1.0.0' },
    }),
  ping: (id) => answer(id, {}),
  'tools/list'(id, params) {
    if (ways.endlessList) {
      const nextCursor = String(Number(params?.cursor ?? 0) + 1);
      setTimeout(() => answer(id, { tools: tools.slice(0, 1), nextCursor }), ways.pageDelayMs);
      return;
    }
    if (ways.pageSize === 0) return answer(id, { tools });
    const from = Number(params?.cursor ?? 0);
    const to = from + ways.pageSize;
    return answer(id, { tools: tools.slice(from, to), ...(to < tools.length ? { nextCursor: String(to) } : {}) });
  },
  'tools/call'(id, { name, arguments: args = {}, _meta }) {
    const call = calls[name] ?? (name.startsWith('tool-') ? () => answer(id, text(name)) : undefined);
    if (call === undefined) write({ jsonrpc: '2.0', id, error: { code: -32602, message: `Unknown tool: ${name}` } });
    else call(id, args, _meta);
  },
  'notifications/cancelled': () => {
    cancelled += 1;
  },
};

process.stderr.write('the fixture starts\n');
if (ways.exitCode !== undefined) {
  process.stderr.write('something is missing here\n');
  process.exitCode = ways.exitCode;
} else {
  if (ways.stubborn) {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1_000);
  }
  let isFirst = true;
  const lines = createInterface({ input: process.stdin });
  if (!ways.stubborn) lines.on('close', () => process.exit(0));
  lines.on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    if (ways.silent || isHung) return;
    if (isFirst && ways.endsOnProbe && method !== 'initialize') process.exit(1);
    isFirst = false;
    const serve = methods[method];
    if (serve !== undefined) serve(id, params);
    else if (id !== undefined)
      write({ jsonrpc: '2.0', id, error: { code: -32601, message: `Method not found: ${method}` } });
  });
}
