import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const CONDITIONS = ['@execgo/source', 'module', 'node', 'development|production'];

/** Runs a file with suites that are meant to fail, and tells for each of them how many of its tests do. */
export async function runSuites(file: URL, env: Readonly<Record<string, string>> = {}) {
  const vitest = await startVitest(
    'test',
    [],
    { root: PACKAGE, config: false, watch: false, include: [fileURLToPath(file)], env: { ...env }, reporters: [{}] },
    { resolve: { conditions: CONDITIONS }, ssr: { resolve: { conditions: CONDITIONS } } },
  );
  const failures = new Map<string, number>();
  for (const module of vitest.state.getTestModules()) {
    for (const suite of module.children.suites())
      failures.set(suite.name, [...suite.children.allTests('failed')].length);
  }
  await vitest.close();
  // The failures of that run are what is wanted; Vitest notes them for the end of this process.
  process.exitCode = 0;
  return failures;
}

/** The suites that found nothing wrong. */
export function unnoticed(failures: ReadonlyMap<string, number>): readonly string[] {
  return [...failures].filter(([, failed]) => failed === 0).map(([name]) => name);
}
