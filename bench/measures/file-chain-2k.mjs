import { fileStore, graphRate } from '../kernel-run.mjs';
import { chain } from '../shapes.mjs';

export const measure = () =>
  graphRate(
    () => fileStore(),
    () => chain(2000),
  );
