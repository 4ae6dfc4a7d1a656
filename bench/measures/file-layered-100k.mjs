import { fileStore, graphRate } from '../kernel-run.mjs';
import { layered } from '../shapes.mjs';

export const measure = () =>
  graphRate(
    () => fileStore(),
    () => layered(100_000, 1000, 3),
  );
