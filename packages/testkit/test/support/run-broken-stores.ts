import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const BROKEN_STORES = fileURLToPath(new URL('../broken-stores.ts', import.meta.url));
const CONDITIONS = ['@execgo/source', 'module', 'node', 'development|production'];

/** Runs the conformance suite over so many broken stores, and tells for each how many of its tests fail. */
export async function runBrokenStores(count: number): Promise<ReadonlyMap<string, number>> {
  const vitest = await startVitest(
    'test',
    [],
    {
      root: PACKAGE,
      config: false,
      watch: false,
      include: [BROKEN_STORES],
      env: { BROKEN_STORES: String(count) },
      reporters: [{}],
    },
    { resolve: { conditions: CONDITIONS }, ssr: { resolve: { conditions: CONDITIONS } } },
  );
  const failures = new Map<string, number>();
  for (const file of vitest.state.getTestModules()) {
    for (const suite of file.children.suites()) failures.set(suite.name, [...suite.children.allTests('failed')].length);
  }
  await vitest.close();
  // The failures of that run are what is wanted; Vitest notes them for the end of this process.
  process.exitCode = 0;
  return failures;
}
