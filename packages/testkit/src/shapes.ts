import { ConfigError } from '@execgo/core';

/** The dependencies of each task, by index: always smaller indices, so that every shape is free of cycles. */
export type Shape = readonly (readonly number[])[];

/** Each task after the one before. */
export function chainShape(tasks: number): Shape {
  return Array.from({ length: tasks }, (_, at) => (at === 0 ? [] : [at - 1]));
}

/** One task, then `width` tasks after it, then one after all of those: `width + 2` tasks. */
export function fanOutJoinShape(width: number): Shape {
  const fan = Array.from({ length: width }, (_, at) => at + 1);
  return [[], ...fan.map(() => [0]), fan];
}

/** Layers of `width` tasks; each task has `fanIn` different dependencies (fewer where the layer has fewer) in the layer before. */
export function layeredShape(layers: number, width: number, fanIn: number, seed = 1): Shape {
  if (!(fanIn >= 1)) throw new ConfigError('fanIn', 'at least 1', fanIn);
  const random = seededRandom(seed);
  return Array.from({ length: layers * width }, (_, at) => {
    const layer = Math.floor(at / width);
    return layer === 0 ? [] : pick(random, (layer - 1) * width, width, fanIn);
  });
}

/** Tasks in one order, each with 0 to `maxFanIn` different dependencies anywhere before it. */
export function sparseShape(tasks: number, maxFanIn: number, seed = 1): Shape {
  const random = seededRandom(seed);
  return Array.from({ length: tasks }, (_, at) => pick(random, 0, at, Math.floor(random() * (maxFanIn + 1))));
}

/** Up to `count` different numbers from `from` to `from + length − 1`. */
function pick(random: () => number, from: number, length: number, count: number): readonly number[] {
  const chosen = new Set<number>();
  const wanted = Math.min(count, length);
  while (chosen.size < wanted) chosen.add(from + Math.floor(random() * length));
  return [...chosen];
}

/** Marsaglia's xorshift32 (2003): the same numbers from 0 to 1 for the same seed, on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
