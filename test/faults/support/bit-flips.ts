import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  errorMessage,
  isExecGoError,
  isTerminal,
  type Receipt,
  type Task,
  type TaskEvent,
  type TaskStore,
} from '@execgo/core';
import { EventSequence, failure, foldEvents, seededRandom, spec } from '@execgo/testkit';
import { allTasks } from './all-tasks.js';
import type { DurableStore } from './stores.js';

/** Copies that are looked at at once: opening one waits for threads to start. Which bits are flipped does not depend on it. */
const AT_ONCE = availableParallelism() + 2;
/** Rounds of the life that is damaged. */
const ROUNDS = 8;
const KEYS = ['key 0', 'key 1', 'key 2', 'key 3'] as const;

/** Ids of its tasks; some are deleted in it. */
const IDS = Array.from({ length: ROUNDS }, (_, at) => [`task ${at} "ä"`, `${at}`]).flat();

/** What a store showed after a flip. */
export interface FlipCounts {
  /** It did not open, or did not give out what was damaged, and named a file: the damaged one or one that does not fit it. */
  refused: number;
  /** It opened and showed something else, and the inspection before told of a damage and named a file. */
  told: number;
  /** The last append was gone, which from outside looks like one that was never finished; a warning named the file. */
  cut: number;
  harmless: number;
  /** It showed something that had never been appended, or less than was acknowledged before the last append: where. */
  readonly believed: string[];
  /** It refused without naming a file. */
  readonly unnamed: string[];
}

/** How the files came to be: `kill -9` with all in the log, `kill -9` of a store that made new files, or a close. */
const LAYOUTS = ['in the log', 'in many files', 'closed'] as const;

/**
 * Flips one bit at a time, anywhere in the files of a store, inspects and opens it, and reads everything:
 * tasks, events, receipts. Each
 * flip is of a fresh copy. Of each layout the first copy is left as it is, and has to be harmless.
 *
 * @param disarm takes a protection away from the damaged copy before anybody looks at it
 */
export async function flipBits(
  store: DurableStore,
  { flips, seed, disarm }: { flips: number; seed: number; disarm?: (directory: string) => void },
): Promise<FlipCounts> {
  const place = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'execgo-flips-'));
  const random = seededRandom(seed);
  const counts: FlipCounts = { refused: 0, told: 0, cut: 0, harmless: 0, believed: [], unnamed: [] };
  try {
    const appends = lifeOf(ROUNDS);
    const sources: string[] = [];
    for (const [at, layout] of LAYOUTS.entries()) {
      const source = join(place, `source-${at}`);
      await live(store, layout, join(place, `life-${at}`), source, appends);
      sources.push(source);
    }
    let next = 0;
    const flipOn = async (copy: string) => {
      for (let flip = next++; flip < flips; flip = next++) await flipOnce(flip, copy);
    };
    const flipOnce = async (flip: number, copy: string) => {
      cpSync(sources[flip % sources.length] as string, copy, { recursive: true });
      const flipped = flip < LAYOUTS.length ? 'nothing' : flipOne(copy, random);
      const files = readdirSync(copy);
      disarm?.(copy);
      const { findings } = await store.inspect(copy);
      const told = findings.filter(({ severity }) => severity !== 'note');
      const warnings: string[] = [];
      const shown = await read(store.createLarge(copy, (warning) => warnings.push(warning)));
      const said = { findings: told.map(({ file, message }) => `${file} ${message}`), warnings };
      judge(counts, `${LAYOUTS[flip % LAYOUTS.length]}: ${flipped}`, files, shown, said, appends);
      rmSync(copy, { recursive: true });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => flipOn(join(place, `copy-${at}`))));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return counts;
}

/** Appends of a life that submits, runs, fails, deletes and replaces tasks, with receipts. */
function lifeOf(rounds: number): readonly (readonly TaskEvent[])[] {
  const make = new EventSequence();
  const appends: TaskEvent[][] = [];
  for (let at = 0; at < rounds; at += 1) {
    const [a, b] = IDS.slice(2 * at, 2 * at + 2) as [string, string];
    const receipt = { key: KEYS[at % KEYS.length] as string, digest: `digest ${at}`, task_ids: [a, b] };
    appends.push([
      make.graph(`graph ${at}`, { receipt }),
      make.submitted(spec({ id: a, input: { text: 'x'.repeat(at * 20), number: at * 1000 } })),
      make.submitted(spec({ id: b, depends_on: [a] })),
    ]);
    appends.push([make.started(a)]);
    if (at % 3 === 0) appends.push([make.failed(a, failure('timeout')), make.skipped(b, a)]);
    else appends.push([make.succeeded(a, { at }), make.started(b)]);
    if (at % 3 === 0) appends.push([make.deleted(b), make.submitted(spec({ id: a, params: [at] }))]);
  }
  return appends;
}

/** Lives in `directory` and leaves in `source` what it leaves there, but for the lock. */
async function live(
  store: DurableStore,
  layout: (typeof LAYOUTS)[number],
  directory: string,
  source: string,
  appends: readonly (readonly TaskEvent[])[],
): Promise<void> {
  const living = layout === 'in many files' ? store.createTiny(directory) : store.createLarge(directory);
  await living.open();
  for (const [at, events] of appends.entries()) {
    await living.append(events);
    for (let turn = 0; turn < at % 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (layout === 'closed') await living.close();
  cpSync(directory, source, { recursive: true, filter: (path) => !/\/lock[^/]*$/.test(path) });
  if (layout !== 'closed') await living.close();
}

/** A bit of all bytes of all files, each as likely as the other. */
function flipOne(directory: string, random: () => number): string {
  const files = readdirSync(directory).filter((name) => !name.endsWith('.tmp'));
  const sizes = files.map((name) => statSync(join(directory, name)).size);
  let at = Math.floor(random() * sizes.reduce((sum, size) => sum + size, 0));
  const which = sizes.findIndex((size) => {
    if (at < size) return true;
    at -= size;
    return false;
  });
  const name = files[which] ?? '';
  const bytes = readFileSync(join(directory, name));
  const bit = Math.floor(random() * 8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  writeFileSync(join(directory, name), bytes);
  return `${name} byte ${at} bit ${bit}`;
}

interface Shown {
  readonly lastSeq: number;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly events: readonly TaskEvent[];
  readonly receipts: readonly (Receipt | undefined)[];
  /** What each id gives that ever was one. */
  readonly one: ReadonlyMap<string, Task | undefined>;
  readonly unfinished: readonly Task[];
}

/** What it said besides. */
interface Said {
  /** Of an inspection: errors and warnings. */
  readonly findings: readonly string[];
  readonly warnings: readonly string[];
}

/** Everything that a store gives out, or the error that it gives out instead. */
async function read(store: TaskStore): Promise<Shown | { readonly error: unknown }> {
  try {
    const { lastSeq } = await store.open();
    try {
      const tasks = await allTasks(store);
      const events: TaskEvent[] = [];
      for await (const event of store.events({})) events.push(event);
      const receipts = await Promise.all(KEYS.map((key) => store.receipt(key)));
      const ids = [...tasks.keys(), ...IDS];
      const one = await store.getMany(ids);
      const unfinished: Task[] = [];
      for await (const batch of store.unfinished()) unfinished.push(...batch);
      return { lastSeq, tasks, events, receipts, one: new Map(ids.map((id, at) => [id, one[at]])), unfinished };
    } finally {
      await store.close();
    }
  } catch (error) {
    return { error };
  }
}

function judge(
  counts: FlipCounts,
  place: string,
  files: readonly string[],
  shown: Shown | { readonly error: unknown },
  said: Said,
  appends: readonly (readonly TaskEvent[])[],
): void {
  if ('error' in shown) {
    const message = errorMessage(shown.error);
    if (!isExecGoError(shown.error) || !files.some((name) => message.includes(name))) {
      counts.unnamed.push(`${place}: ${message}`);
    }
    counts.refused += 1;
    return;
  }
  const all = appends.flat();
  const wrong = whatIsWrong(shown, appends, all);
  const names = (text: string) => files.some((name) => text.includes(name));
  const isCut = shown.lastSeq < all.length;
  if (wrong === undefined && !isCut) counts.harmless += 1;
  else if (said.findings.some(names)) counts.told += 1;
  else if (wrong !== undefined) counts.believed.push(`${place}: ${wrong}`);
  else if (said.warnings.some(names)) counts.cut += 1;
  else counts.believed.push(`${place}: the last append is gone, and nothing was said`);
}

function whatIsWrong(
  { lastSeq, tasks, events, receipts, one, unfinished }: Shown,
  appends: readonly (readonly TaskEvent[])[],
  all: readonly TaskEvent[],
): string | undefined {
  const ends = [all.length, all.length - (appends.at(-1)?.length ?? 0)];
  if (!ends.includes(lastSeq)) return `the newest event is ${lastSeq} of ${all.length}`;
  const kept = all.slice(0, lastSeq);
  const expected = foldEvents(kept);
  for (const [id, task] of expected) {
    if (!tasks.has(id)) return `task ${id} is lost`;
    if (!isDeepStrictEqual(plain(tasks.get(id)), plain(task))) return `task ${id} is another`;
  }
  if (tasks.size !== expected.size) return 'there are tasks that nobody submitted';
  const history = kept.slice(kept.length - events.length);
  if (events.length === 0 || !isDeepStrictEqual(plain(events), plain(history))) return 'the events are others';
  for (const [id, task] of one) {
    if (!isDeepStrictEqual(plain(task ?? null), plain(expected.get(id) ?? null))) return `by its id, ${id} is another`;
  }
  const waiting = [...expected.values()].filter(({ status }) => !isTerminal(status));
  if (unfinished.length !== waiting.length)
    return `of ${waiting.length} unfinished tasks there are ${unfinished.length}`;
  for (const [at, key] of KEYS.entries()) {
    const graph = kept.findLast((event) => event.type === 'graph_submitted' && event.receipt?.key === key);
    if (receipts[at]?.graph_id !== graph?.graph_id) return `the receipt of ${key} is another`;
  }
  return undefined;
}

/** The same without classes and without fields that are undefined: what a reader of JSON would see. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
