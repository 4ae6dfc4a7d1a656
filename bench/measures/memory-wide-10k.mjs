import { graphRate, memoryStore } from '../kernel-run.mjs';
import { wide } from '../shapes.mjs';

export const measure = () =>
  graphRate(
    () => memoryStore(),
    () => wide(10_000),
  );
