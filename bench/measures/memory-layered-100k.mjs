import { graphRate, memoryStore } from '../kernel-run.mjs';
import { layered } from '../shapes.mjs';

export const measure = () =>
  graphRate(
    () => memoryStore(),
    () => layered(100_000, 1000, 3),
  );
