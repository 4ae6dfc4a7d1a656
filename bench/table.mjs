/** In the order in which a round takes them: what is compared stands side by side. */
export const measures = [
  'disk-flush',
  'file-chain-2k',
  'file-wide-10k',
  'memory-wide-10k',
  'file-layered-100k',
  'memory-layered-100k',
  'p-graph-layered-100k',
  'http-bare',
  'http-memory',
  'http-file',
  'shell',
  'heap-per-task',
  'recovery-100k',
];

const value = (name) => (taken) => taken[name].value;

/** What is promised: our figure, the limit of the machine or the peer it is held against, and the goal for the ratio. */
const promised = [
  row('durable chain of 2k', 'file-chain-2k', 'tasks/s', 'disk-flush', 'flushes/s', '≥0.7'),
  row('durable wide 10k + join', 'file-wide-10k', 'tasks/s', 'disk-flush', 'flushes/s', '≥15'),
  row('durable layered 100k/300k', 'file-layered-100k', 'tasks/s', 'disk-flush', 'flushes/s', '≥12'),
  row('durable wide 10k, to memory', 'file-wide-10k', 'tasks/s', 'memory-wide-10k', 'tasks/s', '≥0.4'),
  row('durable layered 100k, to memory', 'file-layered-100k', 'tasks/s', 'memory-layered-100k', 'tasks/s', '≥0.4'),
  row('memory layered 100k', 'memory-layered-100k', 'tasks/s', 'p-graph-layered-100k', 'p-graph', '≥2.5'),
  row('HTTP 9-task graphs, memory', 'http-memory', 'graphs/s', 'http-bare', 'bare Hono', '≥0.25'),
  row('HTTP 9-task graphs, durable', 'http-file', 'graphs/s', 'http-bare', 'bare Hono', '≥0.17'),
  {
    what: 'shell, 10 at once',
    needs: ['shell'],
    ours: value('shell'),
    unit: 'runs/s',
    limit: ({ shell }) => shell.bare,
    against: 'bare spawn',
    goal: '≥0.85',
  },
  {
    what: 'heap of a waiting task',
    needs: ['heap-per-task'],
    ours: value('heap-per-task'),
    unit: 'bytes',
    goal: '≤700',
  },
  {
    what: 'recovery of 100k tasks',
    needs: ['recovery-100k'],
    ours: value('recovery-100k'),
    unit: 'ms',
    limit: (taken) => taken['recovery-100k'].parseMs,
    against: 'JSON.parse',
    goal: '≤5',
  },
];

/** The event loop under each of these loads. */
const responsive = [
  'file-chain-2k',
  'file-wide-10k',
  'file-layered-100k',
  'memory-layered-100k',
  'http-memory',
  'http-file',
];

export const rows = [
  ...promised,
  ...responsive.map((name) => ({
    what: `event-loop delay p99, ${name}`,
    needs: [name],
    ours: (taken) => taken[name].loopDelayP99Ms,
    unit: 'ms',
    goal: '≤20',
  })),
];

function row(what, name, unit, limitName, against, goal) {
  return { what, needs: [name, limitName], ours: value(name), unit, limit: value(limitName), against, goal };
}
