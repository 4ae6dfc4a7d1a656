import { defineConfig } from 'vitest/config';
import { conditions, globalSetup, WORKERS } from './vitest.config.js';

/**
 * Faults that are real: killed processes, power cuts, full and failing disks, flipped bits. `npm run test:faults` is the quick
 * part, `npm run test:faults:long` the same tests in their long sizes; test/faults/support/sizes.ts has both.
 */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: 'faults',
    include: ['test/faults/*.faults.test.ts'],
    // The stores of the tests' own process need the threads that are built from the sources of now.
    globalSetup,
    pool: 'forks',
    maxWorkers: WORKERS,
    testTimeout: 90 * 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
