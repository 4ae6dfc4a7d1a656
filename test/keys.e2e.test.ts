import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  ACTION_DOORS,
  type Endpoints,
  GRAPH_DOORS,
  type Outcome,
  type Submit,
  TOOL_DOORS,
} from './support/keyed-doors.js';
import { launchReady, type ServerProcess, testFolder } from './support/server-process.js';

const GRAPHS = Object.entries(GRAPH_DOORS);
const ACTIONS = Object.entries(ACTION_DOORS);
const TOOLS = Object.entries(TOOL_DOORS);
const DOORS = [...GRAPHS, ...ACTIONS, ...TOOLS];
const [ALICE, BOB] = ['alice-s3cret', 'bob-s3cret'];
const TOKENS = [
  { name: 'alice', token: ALICE, scopes: ['read', 'submit'] },
  { name: 'bob', token: BOB, scopes: ['read', 'submit'] },
];

async function start(folder: string): Promise<{ readonly server: ServerProcess; readonly at: Endpoints }> {
  const flags = ['--store', 'jsonfile', '--grpc-addr', '127.0.0.1:0', '--token-file', 'tokens.json'];
  const server = await launchReady({ folder, flags: [...flags, '--sandbox', 'off'] });
  const grpc = server.lines().find((line) => 'grpc' in line)?.grpc;
  return { server, at: { url: server.url, grpc: String(grpc), folder } };
}

/** What every door answers when it is called in this way, one after the other. */
async function throughAll(
  doors: readonly (readonly [string, Submit])[],
  call: (submit: Submit, door: number) => Promise<Outcome>,
): Promise<Readonly<Record<string, Outcome>>> {
  const outcomes: Record<string, Outcome> = {};
  for (const [at, [name, submit]] of doors.entries()) outcomes[name] = await call(submit, at);
  return outcomes;
}

const allOf = (outcome: unknown, doors: readonly (readonly [string, unknown])[]) =>
  Object.fromEntries(doors.map(([name]) => [name, outcome]));

it('Idempotency-Key makes a repeat return the first receipt, per caller, and the same key with another body is 409: through every door, and across kill -9', async () => {
  const folder = testFolder();
  writeFileSync(join(folder, 'tokens.json'), JSON.stringify({ tokens: TOKENS }), { mode: 0o600 });
  const first = await start(folder);
  const ofAlice = (at: Endpoints, message: string) => (submit: Submit, door: number) =>
    submit({ at, token: ALICE, key: `key-${door}`, name: `task-${door}`, message });
  const receipts = await throughAll(DOORS, ofAlice(first.at, 'one'));
  for (const [name] of DOORS) expect([name, receipts[name]]).toEqual([name, expect.any(Object)]);
  expect(await throughAll(DOORS, ofAlice(first.at, 'one'))).toEqual(receipts);
  expect(await throughAll(DOORS, ofAlice(first.at, 'two'))).toEqual(allOf('conflict', DOORS));

  // One key through all doors that take the same graph, or the same action: one submission.
  const shared = (at: Endpoints, key: string) => (submit: Submit) =>
    submit({ at, token: ALICE, key, name: 'shared', message: 'one' });
  const ofGraph = await throughAll(GRAPHS, shared(first.at, 'graph'));
  const [graphReceipt] = Object.values(ofGraph);
  expect(graphReceipt).toMatchObject({ accepted: 2, task_ids: ['shared-a', 'shared-b'] });
  expect(ofGraph).toEqual(allOf(graphReceipt, GRAPHS));
  const ofAction = await throughAll(ACTIONS, shared(first.at, 'action'));
  const [actionReceipt] = Object.values(ofAction);
  expect(ofAction).toEqual(allOf(actionReceipt, ACTIONS));
  // Where the server makes the task itself, its id tells the door: that is another graph, and nothing runs twice.
  const others = [...ACTIONS, ...TOOLS];
  expect(await throughAll(others, shared(first.at, 'graph'))).toEqual(allOf('conflict', others));

  first.server.kill('SIGKILL');
  await first.server.exited;
  const { at } = await start(folder);
  expect(await throughAll(DOORS, ofAlice(at, 'one'))).toEqual(receipts);
  expect(await throughAll(DOORS, ofAlice(at, 'two'))).toEqual(allOf('conflict', DOORS));
  expect(await throughAll(GRAPHS, shared(at, 'graph'))).toEqual(ofGraph);
  expect(await throughAll(ACTIONS, shared(at, 'action'))).toEqual(ofAction);

  // Bob has keys of his own: where Alice was told of a conflict, he submits.
  const ofBob = (submit: Submit, door: number) =>
    submit({ at, token: BOB, key: `key-${door}`, name: `bob-${door}`, message: 'two' });
  const receiptsOfBob = await throughAll(DOORS, ofBob);
  for (const [name] of DOORS) {
    expect([name, receiptsOfBob[name]]).toEqual([name, expect.any(Object)]);
    expect(receiptsOfBob[name]).not.toEqual(receipts[name]);
  }
  expect(await throughAll(DOORS, ofBob)).toEqual(receiptsOfBob);

  expect(await submittersIn(at)).toEqual({ alice: DOORS.length + 2, bob: DOORS.length });
});

interface WireEvent {
  readonly type: string;
  readonly data?: { readonly actor?: string };
}

/** How many graphs each caller has submitted, as the events tell. */
async function submittersIn({ url }: Endpoints): Promise<Readonly<Record<string, number>>> {
  const headers = { Authorization: `Bearer ${ALICE}` };
  const answer = await fetch(`${url}/events`, { headers });
  const events: readonly WireEvent[] = JSON.parse(await answer.text());
  const counts: Record<string, number> = {};
  for (const { type, data } of events) {
    if (type !== 'graph_submitted') continue;
    const actor = data?.actor ?? '';
    counts[actor] = (counts[actor] ?? 0) + 1;
  }
  return counts;
}
