import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBlocks, ConfigError, MemoryOutputStore } from '../src/index.js';

const key = (submittedSeq: number) => ({ submittedSeq, attempt: 1 });
const filled = (length: number) => new Uint8Array(length).fill(1);

describe('MemoryOutputStore', () => {
  async function openStore(maxBytes: number) {
    const store = new MemoryOutputStore({ maxBytes });
    await store.open({ storeId: 'one' });
    return store;
  }

  it('gives up the oldest finished outputs for new ones; their sizes stay', async () => {
    const store = await openStore(100);
    for (const seq of [1, 2, 3]) {
      store.append(key(seq), 'stdout', filled(40));
      await store.finish(key(seq));
    }
    expect(await store.size(key(1))).toMatchObject({ stdout: { bytes: 40, kept: 0 }, finished: true });
    expect(await store.size(key(2))).toMatchObject({ stdout: { bytes: 40, kept: 40 } });
    expect(await store.size(key(3))).toMatchObject({ stdout: { bytes: 40, kept: 40 } });
    expect((await store.read(key(1), 'stdout', 0, 40)).length).toBe(0);
  });

  it('never gives up one that is being written: where nothing else can go, more is counted and not kept', async () => {
    const store = await openStore(100);
    store.append(key(1), 'stdout', filled(80));
    store.append(key(2), 'stdout', filled(30));
    store.append(key(2), 'stdout', filled(5));
    expect(await store.size(key(1))).toMatchObject({ stdout: { bytes: 80, kept: 80 } });
    expect(await store.size(key(2))).toMatchObject({ stdout: { bytes: 35, kept: 0 } });
    await store.remove(1);
    store.append(key(3), 'stderr', filled(90));
    expect(await store.size(key(3))).toMatchObject({ stderr: { bytes: 90, kept: 90 } });
  });

  it.each(['maxBytes', 'maxBytesPerAttempt'])('a bad %s is refused by name', (option) => {
    expect(() => new MemoryOutputStore({ [option]: -1 })).toThrow(ConfigError);
    expect(() => new MemoryOutputStore({ [option]: 1.5 })).toThrow(`option ${option}`);
  });
});

describe('ByteBlocks', () => {
  it('give back any range of what was appended, across blocks of 64 KiB', () => {
    const lengths = fc.array(fc.oneof(fc.nat(10), fc.nat(2000), fc.constantFrom(65_535, 65_536, 65_537, 150_000)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(lengths, fc.nat(400_000), fc.nat(200_000), (sizes, start, length) => {
        const blocks = new ByteBlocks();
        const whole: Buffer[] = [];
        for (const [at, size] of sizes.entries()) {
          const chunk = Buffer.alloc(size, at + 1);
          blocks.append(chunk);
          whole.push(chunk);
          chunk.fill(0, 0, 0);
        }
        const expected = Buffer.concat(whole);
        expect(blocks.length).toBe(expected.length);
        expect(Buffer.compare(blocks.read(start, start + length), expected.subarray(start, start + length))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
