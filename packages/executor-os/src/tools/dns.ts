import { isIP } from 'node:net';
import { ExecGoError, errorMessage } from '@execgo/core';
import type { EgressGuard } from '@execgo/egress';
import { type CheckedTool, defineTool } from '@execgo/tool-input';
import * as v from 'valibot';
import type { DnsResolver } from '../dns-resolver.js';
import { untilAborted } from '../until-aborted.js';

const RECORDS = ['ip', 'txt', 'cname'] as const;
/** Longest chain of other names that is followed. */
const MAX_CHAIN = 16;

const schema = v.object({
  name: v.pipe(
    v.string('expected a string'),
    // Control characters, and more than a name can have (RFC 1035), never reach a resolver.
    v.regex(/^[^\s\p{C}]{1,253}\.?$/u, 'expected a host name'),
  ),
  record: v.optional(
    v.pipe(v.picklist(RECORDS, `expected one of ${RECORDS.join(', ')}`), v.description('Default: ip.')),
  ),
});

/** Looks names up; addresses that tasks may not connect to are not told. */
export function dnsTool(guard: EgressGuard, resolver: DnsResolver): CheckedTool {
  return defineTool({
    name: 'dns',
    description:
      'Looks a name up: record ip gives {addrs}, txt gives {txt}, cname gives {cname}, each with name and record.',
    annotations: { read_only: true, open_world: true },
    schema,
    check({ input }) {
      if (input.name !== undefined) guard.checkLearnable(input.name);
    },
    async run({ name, record = 'ip' }, { run }) {
      guard.checkLearnable(name);
      return { name, record, ...(await untilAborted(run.signal, lookUp(guard, resolver, name, record))) };
    },
  });
}

async function lookUp(guard: EgressGuard, resolver: DnsResolver, name: string, record: (typeof RECORDS)[number]) {
  switch (record) {
    case 'ip':
      return { addrs: await guard.learn(name) };
    case 'txt':
      return { txt: await answered(name, resolver.txt(name)) };
    case 'cname':
      return { cname: await canonicalName(guard, resolver, name) };
  }
}

/** The end of the chain of other names, with its dot; the name itself, if it is one at all, where it has no other. */
async function canonicalName(guard: EgressGuard, resolver: DnsResolver, name: string): Promise<string> {
  let found = name;
  for (let step = 0; step < MAX_CHAIN && !isIP(found); step += 1) {
    // Names of the hosts file are unknown to servers, which may not even be there: whether it is a name at all is asked below.
    const next = await resolver.cname(found).catch(() => undefined);
    if (next === undefined) break;
    found = next;
  }
  if (found === name) await guard.learn(name);
  return found.endsWith('.') ? found : `${found}.`;
}

async function answered<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new ExecGoError('external_failure', `cannot resolve ${name}: ${errorMessage(error)}`, { cause: error });
  }
}
