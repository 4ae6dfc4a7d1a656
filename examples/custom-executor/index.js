import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExecGoError, isReference } from '@execgo/core';

/** @typedef {Omit<import('@execgo/core').TaskSpec, 'input'> & { input?: any }} Task */

const DIVISORS_PER_TURN = 20_000n;

/** Tasks of the type `factor`: `{"type": "factor", "tool_name": "integer", "input": {"n": "91"}}` gives `["7", "13"]`. */
export function createExecutor() {
  return { category: 'factor', tools: async () => [TOOL], check, execute };
}

const TOOL = {
  name: 'integer',
  description: 'The prime factors of a positive integer, smallest first.',
  input_schema: { type: 'object', properties: { n: { type: 'string', pattern: '^[1-9]\\d*$' } }, required: ['n'] },
  annotations: { read_only: true, idempotent: true },
};

/** When a graph is submitted, and again before each attempt: a task that cannot run is refused with its whole graph. */
function check(/** @type {Task} */ { tool_name, input }) {
  if (tool_name !== TOOL.name)
    throw new ExecGoError('not_found', `unknown tool ${tool_name} (available: ${TOOL.name})`);
  // What another task's result will fill is not there yet.
  if (isReference(input) || isReference(input?.n)) return;
  if (typeof input?.n !== 'string' || !/^[1-9]\d*$/.test(input.n)) {
    throw new ExecGoError('invalid_input', 'input.n: expected a positive integer, as a string of digits');
  }
}

/** One attempt: ends soon after its signal aborts, leaves the event loop its turns, and tells what it has found so far. */
async function execute(/** @type {Task} */ { input }, /** @type {import('@execgo/core').RunContext} */ run) {
  let rest = BigInt(input.n);
  const factors = [];
  for (let divisor = 2n; divisor * divisor <= rest; divisor += 1n) {
    for (; rest % divisor === 0n; rest /= divisor) {
      factors.push(String(divisor));
      run.progress(`found ${divisor}`);
    }
    if (divisor % DIVISORS_PER_TURN !== 0n) continue;
    await nextTurn();
    run.signal.throwIfAborted();
  }
  return { n: input.n, factors: rest > 1n || factors.length === 0 ? [...factors, String(rest)] : factors };
}
