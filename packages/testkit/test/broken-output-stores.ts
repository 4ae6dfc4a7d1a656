import { MemoryOutputStore, type OutputStore } from '@execgo/core';
import { describeOutputStore } from '../src/index.js';

/** What a broken store does otherwise than the sound one it is made of. */
type Break = (sound: MemoryOutputStore) => Partial<OutputStore>;

/** Output stores that each break one promise of the port; the conformance suite must find out about every one. */
const BROKEN: Readonly<Record<string, Break>> = {
  'keeps the chunk of its caller': (sound) => ({
    append: (key, stream, chunk) => Promise.resolve().then(() => sound.append(key, stream, chunk)),
  }),
  'mixes the streams': (sound) => ({ append: (key, _stream, chunk) => sound.append(key, 'stdout', chunk) }),
  'keeps only what is text': (sound) => ({
    append: (key, stream, chunk) =>
      sound.append(key, stream, new TextEncoder().encode(new TextDecoder().decode(chunk))),
  }),
  'takes no notice of the end of a range': (sound) => ({
    read: (key, stream, start) => sound.read(key, stream, start, Number.MAX_SAFE_INTEGER),
  }),
  'shows another attempt': (sound) => ({ size: (key) => sound.size({ ...key, attempt: 1 }) }),
  'forgets what was left out': (sound) => ({ finish: (key) => sound.finish(key) }),
  'never finishes': () => ({ finish: async () => undefined }),
  'removes nothing': () => ({ remove: async () => undefined }),
  'removes everything': (sound) => ({
    remove: async () => {
      for await (const seqs of sound.submittedSeqs()) for (const seq of seqs) await sound.remove(seq);
    },
  }),
  'lists nothing': () => ({
    async *submittedSeqs() {
      yield [];
    },
  }),
  'takes output before it is open': (sound) => ({
    append: async (...call) => {
      await sound.open({ storeId: 'one' }).catch(() => undefined);
      await sound.append(...call);
    },
  }),
};

for (const [name, broken] of Object.entries({ ...BROKEN, 'none of these': () => ({}) } as typeof BROKEN)) {
  describeOutputStore(name, {
    makeFixture: () => ({ connect: (settings) => brokenStore(new MemoryOutputStore(settings), broken) }),
    forgets: 'it is gone with its process',
  });
}

function brokenStore(sound: MemoryOutputStore, broken: Break): OutputStore {
  const changed = broken(sound);
  return new Proxy(sound, {
    get(target, name: keyof OutputStore) {
      const method = changed[name] ?? target[name];
      return (method as (...args: unknown[]) => unknown).bind(target);
    },
  });
}
