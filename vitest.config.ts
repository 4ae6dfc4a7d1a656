import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import {
  configDefaults,
  defineConfig,
  type TestProjectConfiguration,
  type TestProjectInlineConfiguration,
} from 'vitest/config';

/** Our packages are tested from their sources; the rest is what Vite takes for Node by default. */
export const conditions = ['@execgo/source', 'module', 'node', 'development|production'];

const LONG = '**/*.long.test.ts';
const END_TO_END = '**/*.e2e.test.ts';
const TIMING = '**/*.timing.test.ts';
/**
 * `vitest run --mode unit`: the unit and conformance tests of each package and the rules of the repository; nothing that puts the
 * server together, measures time, or looks for a rare moment by doing a thing often.
 */
const UNIT = 'unit';
/** What looks for rare moments (crashes, faults, floods, in many rounds), or is about the programs and servers of others. */
const MANY_ROUNDS = [
  'crash-at-every-step',
  'fill-crash',
  'damage',
  'log-damage',
  'failed-write',
  'failing-redis',
  'interleavings',
  'flat-memory',
  'large-append',
  'live-reads',
  'many-calls',
  'many-tasks',
  'maintenance',
  'properties',
  'random-commands',
  'published-everything',
  'published-servers',
  'published-quick-servers',
  'independent-clients',
  'describe-store',
  'describe-executor',
  'describe-output-store',
  'cached-stores',
  'run-process',
  'cgroup',
  'lock',
  'list-tasks',
  'proto',
  'stdio',
  'scripts',
].map((name) => `**/${name}.test.ts`);
const FAULTS = '**/*.faults.test.ts';
/** More than there are cores: many tests wait for a disk, or for processes that they have started. */
export const WORKERS = Math.ceil(availableParallelism() * 1.5);
/** The threads of the SQLite store do not run from sources: they are built before any test of it. */
export const globalSetup = [resolve('packages/store-sqlite/test/global-setup.ts')];

export default defineConfig(({ mode }) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    // A test file leaves nothing to the next one (test/shared-state.test.ts): a worker loads a module once, and not for every file.
    isolate: false,
    setupFiles: [resolve('test/setup.ts')],
    // They end what hangs, and prove nothing: a test must not fail because the machine is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    coverage: { include: ['packages/*/src/**', 'apps/*/src/**'], exclude: ['packages/*/src/gen/**'] },
    projects: mode === UNIT ? [unit(['apps/**', ...MANY_ROUNDS])] : [unit([]), ...ofTheWhole()],
  },
}));

function unit(exclude: readonly string[]): TestProjectConfiguration {
  return project('unit', {
    include: ['{packages,apps,examples}/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [END_TO_END, TIMING, ...exclude],
    globalSetup,
  });
}

function ofTheWhole(): TestProjectConfiguration[] {
  return [
    // One of these puts another module in the place of ours.
    project('e2e', { include: everywhere(END_TO_END), isolate: true }),
    // What measures time has the machine for itself, after all others.
    project('timing', {
      include: everywhere(TIMING),
      globalSetup,
      isolate: true,
      maxWorkers: 1,
      sequence: { groupOrder: 1 },
    }),
  ];
}

function everywhere(pattern: string): string[] {
  return [`{packages,apps}/*/test/${pattern}`, `test/${pattern}`];
}

function project(name: string, options: NonNullable<TestProjectInlineConfiguration['test']>): TestProjectConfiguration {
  const exclude = [...configDefaults.exclude, LONG, FAULTS, ...(options.exclude ?? [])];
  return { extends: true, test: { maxWorkers: WORKERS, ...options, name, exclude } };
}
