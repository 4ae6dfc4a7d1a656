import { OUTPUT_STREAMS, type OutputKey, type OutputStore, type OutputStream } from '@execgo/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The place of one output store: a folder, a database, a variable. */
export interface OutputStoreFixture {
  /** A store over this place, not yet open, that keeps so many bytes of an attempt. Called again, it finds what the one before left. */
  connect(settings: { readonly maxBytesPerAttempt: number }): OutputStore;
  /** Removes the place, after every store over it was closed. */
  dispose?(): void | Promise<void>;
}

export interface OutputStoreSuiteOptions {
  /** A fresh and empty place, for one test. */
  readonly makeFixture: () => OutputStoreFixture | Promise<OutputStoreFixture>;
  /** Why a store connected anew does not find what an earlier one held; its tests are skipped. */
  readonly forgets?: string;
}

const LIMIT = 1000;
const FIRST: OutputKey = { submittedSeq: 7, attempt: 1 };
const SECOND: OutputKey = { submittedSeq: 7, attempt: 2 };
const OTHER: OutputKey = { submittedSeq: 1_234_567_890_123, attempt: 1 };

/**
 * The conformance suite of the `OutputStore` port, for vitest. Each test has a fresh store of its own.
 *
 * @example
 * describeOutputStore('MemoryOutputStore', {
 *   makeFixture: () => ({ connect: (settings) => new MemoryOutputStore(settings) }),
 *   forgets: 'it is gone with its process',
 * });
 */
export function describeOutputStore(name: string, options: OutputStoreSuiteOptions): void {
  describe(`${name} as an OutputStore`, () => {
    let fixture: OutputStoreFixture;
    let store: OutputStore;
    beforeEach(async () => {
      fixture = await options.makeFixture();
      store = fixture.connect({ maxBytesPerAttempt: LIMIT });
      await store.open({ storeId: 'one' });
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose?.();
    });
    const append = (key: OutputKey, stream: OutputStream, text: string) => store.append(key, stream, bytes(text));
    const read = async (key: OutputKey, stream: OutputStream, start = 0, end = Number.MAX_SAFE_INTEGER) =>
      text(await store.read(key, stream, start, end));
    const kept = async () => {
      const seqs: number[] = [];
      for await (const batch of store.submittedSeqs()) seqs.push(...batch);
      return seqs.sort((a, b) => a - b);
    };
    const reopen = async (storeId = 'one') => {
      await store.close();
      store = fixture.connect({ maxBytesPerAttempt: LIMIT });
      await store.open({ storeId });
    };
    const itReopened: (test: string, run: () => Promise<void>) => void =
      options.forgets === undefined ? it : (test) => it.skip(`${test} (skipped: ${options.forgets})`);

    describe('appending', () => {
      it('what an append was waited for can be read at once, each stream by itself', async () => {
        await append(FIRST, 'stdout', 'one ');
        await append(FIRST, 'stderr', 'problem');
        await append(FIRST, 'stdout', 'two');
        expect([await read(FIRST, 'stdout'), await read(FIRST, 'stderr')]).toEqual(['one two', 'problem']);
        expect(await store.size(FIRST)).toEqual({
          stdout: { bytes: 7, kept: 7 },
          stderr: { bytes: 7, kept: 7 },
          finished: false,
        });
      });

      it('appends that overlap keep the order of the calls', async () => {
        await Promise.all(Array.from({ length: 50 }, (_, at) => append(FIRST, 'stdout', `${at},`)));
        expect(await read(FIRST, 'stdout')).toBe(Array.from({ length: 50 }, (_, at) => `${at},`).join(''));
      });

      it('the chunk stays the caller’s: it may be changed as soon as the call has returned', async () => {
        const chunk = bytes('before');
        const done = [store.append(FIRST, 'stdout', chunk), store.append(FIRST, 'stdout', chunk)];
        chunk.fill(0);
        await Promise.all(done);
        expect(await read(FIRST, 'stdout')).toBe('beforebefore');
      });

      it('keeps every byte, also those that are no text, and an empty chunk', async () => {
        const all = Uint8Array.from({ length: 256 }, (_, at) => at);
        await store.append(FIRST, 'stderr', new Uint8Array(0));
        await store.append(FIRST, 'stderr', all);
        expect(await store.read(FIRST, 'stderr', 0, 300)).toEqual(all);
      });

      it('keeps the first bytes up to the limit, both streams together, and counts the rest', async () => {
        await append(FIRST, 'stdout', 'a'.repeat(LIMIT - 10));
        await append(FIRST, 'stderr', 'b'.repeat(25));
        await append(FIRST, 'stdout', 'c'.repeat(5));
        await store.finish(FIRST);
        expect(await store.size(FIRST)).toEqual({
          stdout: { bytes: LIMIT - 5, kept: LIMIT - 10 },
          stderr: { bytes: 25, kept: 10 },
          finished: true,
        });
        expect(await read(FIRST, 'stderr')).toBe('b'.repeat(10));
      });

      it('tasks do not mix', async () => {
        await append(FIRST, 'stdout', 'mine');
        await append(OTHER, 'stdout', 'yours');
        expect([await read(FIRST, 'stdout'), await read(OTHER, 'stdout')]).toEqual(['mine', 'yours']);
      });

      it('is refused before open and after close, as unavailable', async () => {
        await store.close();
        await expect((async () => append(FIRST, 'stdout', 'late'))()).rejects.toMatchObject({ code: 'unavailable' });
        const unopened = fixture.connect({ maxBytesPerAttempt: LIMIT });
        const early = async () => unopened.append(OTHER, 'stdout', bytes('early'));
        await expect(early()).rejects.toMatchObject({ code: 'unavailable' });
      });
    });

    describe('reading', () => {
      it('gives what there is of a range, and nothing where there is nothing', async () => {
        await append(FIRST, 'stdout', '0123456789');
        expect(await read(FIRST, 'stdout', 3, 6)).toBe('345');
        expect(await read(FIRST, 'stdout', 8, 20)).toBe('89');
        expect(await read(FIRST, 'stdout', 10, 20)).toBe('');
        expect(await read(FIRST, 'stdout', 15, 20)).toBe('');
        expect(await read(FIRST, 'stdout', 5, 5)).toBe('');
        expect(await read(FIRST, 'stderr')).toBe('');
      });

      it('knows nothing of what was never appended', async () => {
        await append(FIRST, 'stdout', 'x');
        for (const key of [SECOND, OTHER]) {
          expect(await store.size(key)).toBeUndefined();
          expect(await read(key, 'stdout')).toBe('');
        }
      });

      it('any chunks can be read back by any ranges, while more comes and after', async () => {
        const chunk = fc.record({
          stream: fc.constantFrom<OutputStream>(...OUTPUT_STREAMS),
          data: fc.uint8Array({ maxLength: 60 }),
        });
        let submittedSeq = 100;
        await fc.assert(
          fc.asyncProperty(fc.array(chunk, { maxLength: 30 }), fc.nat(90), fc.nat(90), async (chunks, from, length) => {
            submittedSeq += 1;
            const key = { submittedSeq, attempt: 1 };
            const model: Record<OutputStream, number[]> = { stdout: [], stderr: [] };
            let room = LIMIT;
            const check = async () => {
              for (const stream of OUTPUT_STREAMS) {
                const got = await store.read(key, stream, from, from + length);
                expect([...got]).toEqual(model[stream].slice(from, from + length));
              }
            };
            const cut = { stdout: false, stderr: false };
            for (const { stream, data } of chunks) {
              await store.append(key, stream, data);
              const part = cut[stream] ? [] : [...data].slice(0, room);
              cut[stream] ||= part.length < data.length;
              room -= part.length;
              model[stream].push(...part);
              await check();
            }
            await store.finish(key);
            await check();
          }),
          { numRuns: 25 },
        );
      });
    });

    describe('finishing', () => {
      it('makes the sizes final, and counts what the caller left out', async () => {
        await append(FIRST, 'stdout', 'begin');
        await store.finish(FIRST, { stdout: 100, stderr: 3 });
        expect(await store.size(FIRST)).toEqual({
          stdout: { bytes: 105, kept: 5 },
          stderr: { bytes: 3, kept: 0 },
          finished: true,
        });
      });

      it('waits for the appends before it', async () => {
        const appended = [append(FIRST, 'stdout', 'a'.repeat(400)), append(FIRST, 'stderr', 'b'.repeat(400))];
        await store.finish(FIRST);
        expect((await store.size(FIRST))?.stderr).toEqual({ bytes: 400, kept: 400 });
        await Promise.all(appended);
      });

      itReopened('what was finished survives a reopen, with its sizes', async () => {
        await append(FIRST, 'stdout', 'x'.repeat(LIMIT + 1));
        await append(FIRST, 'stderr', 'y');
        await store.finish(FIRST);
        const size = await store.size(FIRST);
        await reopen();
        expect(await store.size(FIRST)).toEqual(size);
        expect(await read(FIRST, 'stdout', LIMIT - 2)).toBe('xx');
        expect(await kept()).toEqual([FIRST.submittedSeq]);
      });

      itReopened('what was not finished is there after a reopen, and says so', async () => {
        await append(FIRST, 'stdout', 'half a wor');
        await reopen();
        expect(await store.size(FIRST)).toMatchObject({ stdout: { bytes: 10, kept: 10 }, finished: false });
        expect(await read(FIRST, 'stdout')).toBe('half a wor');
      });
    });

    describe('what goes', () => {
      it('the output of an earlier attempt, when a later one begins to write', async () => {
        await append(FIRST, 'stdout', 'first');
        await store.finish(FIRST);
        await append(SECOND, 'stderr', 'second');
        expect(await store.size(FIRST)).toBeUndefined();
        expect(await read(FIRST, 'stdout')).toBe('');
        expect(await read(SECOND, 'stderr')).toBe('second');
        expect(await kept()).toEqual([FIRST.submittedSeq]);
      });

      it('what was finished, when the same attempt begins again', async () => {
        await append(FIRST, 'stdout', 'the first time, and longer');
        await append(FIRST, 'stderr', 'and this');
        await store.finish(FIRST);
        await append(FIRST, 'stdout', 'again');
        expect([await read(FIRST, 'stdout'), await read(FIRST, 'stderr')]).toEqual(['again', '']);
        expect((await store.size(FIRST))?.finished).toBe(false);
      });

      itReopened('what a life that ended left of an attempt, when the attempt begins again', async () => {
        await append(FIRST, 'stdout', 'left behind');
        await reopen();
        await append(FIRST, 'stdout', 'new');
        await store.finish(FIRST);
        expect([await read(FIRST, 'stdout'), (await store.size(FIRST))?.stdout.bytes]).toEqual(['new', 3]);
      });

      it('all of a task that is removed, and nothing else', async () => {
        for (const key of [FIRST, OTHER]) {
          await append(key, 'stdout', 'x');
          await store.finish(key);
        }
        expect(await kept()).toEqual([FIRST.submittedSeq, OTHER.submittedSeq]);
        await store.remove(FIRST.submittedSeq);
        await store.remove(99);
        expect(await kept()).toEqual([OTHER.submittedSeq]);
        expect(await store.size(FIRST)).toBeUndefined();
        expect(await read(OTHER, 'stdout')).toBe('x');
      });

      it('an attempt under way that is removed; appends after it begin anew', async () => {
        await append(FIRST, 'stdout', 'old');
        const removed = store.remove(FIRST.submittedSeq);
        const appended = append(FIRST, 'stdout', 'new');
        await Promise.all([removed, appended]);
        expect(await read(FIRST, 'stdout')).toBe('new');
      });

      it('everything, when it is opened beside another task store', async () => {
        await append(FIRST, 'stdout', 'of one');
        await store.finish(FIRST);
        await append(OTHER, 'stdout', 'of one');
        await reopen('two');
        expect(await kept()).toEqual([]);
        expect([await read(FIRST, 'stdout'), await store.size(FIRST)]).toEqual(['', undefined]);
        await append(FIRST, 'stdout', 'of two');
        expect(await read(FIRST, 'stdout')).toBe('of two');
      });

      it('close is safe to call twice', async () => {
        await append(FIRST, 'stdout', 'x');
        await Promise.all([store.close(), store.close()]);
        await store.close();
      });
    });
  });
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
