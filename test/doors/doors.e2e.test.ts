import type { Json } from '@execgo/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GRAPH_CASES } from './support/cases/graph-cases.js';
import { LIFECYCLE_CASES } from './support/cases/lifecycle-cases.js';
import { REFUSAL_CASES } from './support/cases/refusal-cases.js';
import { KNOWN_DIFFERENCES, type KnownDifference, NOT_OFFERED } from './support/differences.js';
import { DOOR_NAMES, type Door, type DoorName, NotOffered } from './support/door.js';
import type { DoorCase } from './support/door-case.js';
import { orderedText } from './support/normal-outcome.js';
import { type OpenDoors, openDoors } from './support/server.js';
import { Visit } from './support/visit.js';

const CASES = [...GRAPH_CASES, ...REFUSAL_CASES, ...LIFECYCLE_CASES].map((one, at) => ({ ...one, at }));
/** What every case goes through, and every other door is held against. */
const REFERENCE: DoorName = 'http';

type NumberedCase = (typeof CASES)[number];

let server: OpenDoors;
/** Visits that were made, and those that a door has nothing for: by door and reason. */
const visits = new Map<DoorName, number>();
const skips: Record<string, number> = {};
const differed = new Set<KnownDifference>();

beforeAll(async () => {
  server = await openDoors();
  expect(server.doors.map(({ name }) => name).sort()).toEqual([...DOOR_NAMES].sort());
});
afterAll(() => server?.close());

for (const one of CASES) {
  it(`the same through every door: ${one.name}`, async () => {
    const found = await throughEveryDoor(one);
    const reference = found.get(REFERENCE) ?? [];
    expect(reference).toMatchObject([...one.expected]);
    for (const [door, steps] of found) {
      expect
        .soft(orderedText(withoutKnown(door, one, steps, reference)), `through ${door}`)
        .toBe(orderedText(reference));
    }
  });
}

it('every case has a name of its own, and there are many', () => {
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
  expect(CASES.length).toBeGreaterThanOrEqual(60);
});

it('what a door has nothing for is told, and is no more than that', () => {
  expect(skips).toEqual(NOT_OFFERED);
  const skipped = Object.entries(skips);
  for (const door of DOOR_NAMES) {
    const ofDoor = skipped.filter(([reason]) => reason.startsWith(`${door}: `)).reduce((sum, [, n]) => sum + n, 0);
    expect((visits.get(door) ?? 0) + ofDoor, door).toBe(CASES.length);
  }
});

it('every known difference is still one', () => {
  expect(KNOWN_DIFFERENCES.filter((difference) => !differed.has(difference))).toEqual([]);
});

/** The steps of the case at every door that has what it takes. */
async function throughEveryDoor(one: NumberedCase): Promise<ReadonlyMap<DoorName, readonly Json[]>> {
  const found = new Map<DoorName, readonly Json[]>();
  const visitDoor = async (door: Door) => {
    const steps = await visited(door, one);
    if (steps !== undefined) found.set(door.name, steps);
  };
  // Ids of their own let them go side by side.
  if (one.exactIds) for (const door of server.doors) await visitDoor(door);
  else await Promise.all(server.doors.map(visitDoor));
  return found;
}

/** Undefined where the door has nothing for it, which is counted. */
async function visited(
  door: Door,
  { at, run, exactIds }: DoorCase & NumberedCase,
): Promise<readonly Json[] | undefined> {
  const visit = new Visit(door, server.kernel, exactIds ? '' : `${door.name}~${at}~`);
  try {
    await run(visit);
  } catch (error) {
    if (!(error instanceof NotOffered)) throw error;
    const reason = `${door.name}: ${error.reason}`;
    skips[reason] = (skips[reason] ?? 0) + 1;
    return undefined;
  }
  visits.set(door.name, (visits.get(door.name) ?? 0) + 1);
  return visit.steps;
}

/** With the reference's answer in place of one that is known to differ, once it is seen to differ as it is said to. */
function withoutKnown(
  door: DoorName,
  { name }: NumberedCase,
  steps: readonly Json[],
  reference: readonly Json[],
): readonly Json[] {
  const known = KNOWN_DIFFERENCES.filter((difference) => difference.door === door && difference.of === name);
  return steps.map((step, at) => {
    const difference = known.find((one) => one.step === at);
    if (difference === undefined) return step;
    expect(step, difference.reason).toEqual(difference.answer);
    expect(reference[at], difference.reason).not.toEqual(difference.answer);
    differed.add(difference);
    return reference[at] as Json;
  });
}
