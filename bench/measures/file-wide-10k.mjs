import { fileStore, graphRate } from '../kernel-run.mjs';
import { wide } from '../shapes.mjs';

export const measure = () =>
  graphRate(
    () => fileStore(),
    () => wide(10_000),
  );
