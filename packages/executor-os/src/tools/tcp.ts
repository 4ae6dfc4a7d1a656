import { connect } from 'node:net';
import { ExecGoError, errorMessage } from '@execgo/core';
import { type EgressGuard, parseHostPort } from '@execgo/egress';
import { type CheckedTool, defineTool, fieldError } from '@execgo/tool-input';
import * as v from 'valibot';
import { untilAborted } from '../until-aborted.js';

const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_TIMEOUT_MS = 60_000;
const RANGE = `expected an integer from 1 to ${MAX_TIMEOUT_MS}`;

const schema = v.object({
  address: v.pipe(v.string('expected a string'), v.description('host:port, or [ipv6]:port.')),
  timeout_ms: v.optional(
    v.pipe(
      v.number(RANGE),
      v.integer(RANGE),
      v.minValue(1, RANGE),
      v.maxValue(MAX_TIMEOUT_MS, RANGE),
      v.description(`Milliseconds to wait for the connection. Default: ${DEFAULT_TIMEOUT_MS}.`),
    ),
  ),
});

/** Tells whether something listens at an address: connects and closes at once. */
export function tcpTool(guard: EgressGuard): CheckedTool {
  return defineTool({
    name: 'tcp',
    description: 'Connects to a TCP address and closes again; returns {ok: true, address}.',
    annotations: { read_only: true, open_world: true },
    schema,
    check({ input }, path) {
      if (input.address === undefined) return;
      const target = parseHostPort(input.address);
      if (target === undefined) throw fieldError(`${path}.address`, 'expected host:port');
      guard.checkTarget(target.host, target.port);
    },
    async run({ address, timeout_ms = DEFAULT_TIMEOUT_MS }, { run: { signal } }) {
      const target = parseHostPort(address);
      if (target === undefined) throw fieldError('input.address', 'expected host:port');
      const late = AbortSignal.timeout(timeout_ms);
      const ended = AbortSignal.any([signal, late]);
      try {
        const addresses = await untilAborted(ended, guard.resolve(target.host, target.port));
        await firstToAnswer(guard, addresses, target, ended);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (late.aborted) throw new ExecGoError('timeout', `connect ${address}: no answer within ${timeout_ms} ms`);
        throw error;
      }
      return { ok: true, address };
    },
  });
}

/** Tries the addresses one after the other. */
async function firstToAnswer(
  guard: EgressGuard,
  addresses: readonly string[],
  target: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await connectOnce(guard, address, target, signal);
    } catch (error) {
      failure = error;
    }
  }
  const message = `connect ${target.host}:${target.port}: ${errorMessage(failure)}`;
  throw new ExecGoError('external_failure', message, { cause: failure });
}

function connectOnce(
  guard: EgressGuard,
  address: string,
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      const { remoteAddress } = socket;
      socket.destroy();
      try {
        guard.checkConnected(remoteAddress ?? '', host, port);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}
