import { defineConfig } from 'vitest/config';
import { conditions, globalSetup } from './vitest.config.js';

/** The long proofs, run by `npm run test:long` alone; each has a smaller size among the ordinary tests. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: 'long',
    include: ['{packages,apps}/*/test/**/*.long.test.ts', 'test/**/*.long.test.ts'],
    globalSetup,
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 30 * 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
