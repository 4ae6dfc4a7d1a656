// Everything that must hold before a change is done, in the order of how soon it tells. Names as arguments run only
// those steps: `npm run verify -- types tests`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { note, ROOT, run, runMain, ToolError } from './toolchain.mjs';

const REPORTS = join(ROOT, '.cache', 'reports');

/** @type {Record<string, readonly [string, ...string[]]>} */
const STEPS = {
  bootstrap: ['node', 'scripts/bootstrap.mjs'],
  style: ['biome', 'check', '--error-on-warnings', '.'],
  types: ['tsc', '--noEmit', '-p', 'tsconfig.json'],
  packages: ['node', 'scripts/check-packages.mjs'],
  unused: ['knip', '--no-progress'],
  tests: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${join(REPORTS, 'tests.json')}`],
  examples: ['pnpm', '--recursive', '--filter', './examples/*', '--if-present', 'run', 'start'],
  docs: ['node', 'scripts/check-docs.mjs'],
};

/** @param {readonly string[]} wanted */
function chosenSteps(wanted) {
  const unknown = wanted.filter((name) => !(name in STEPS));
  if (unknown.length > 0) {
    throw new ToolError(`no such step: ${unknown.join(', ')} (there are: ${Object.keys(STEPS).join(', ')})`);
  }
  return Object.entries(STEPS).filter(([name]) => wanted.length === 0 || wanted.includes(name));
}

await runMain(async () => {
  mkdirSync(REPORTS, { recursive: true });
  /** @type {string[]} */
  const failed = [];
  for (const [name, [command, ...args]] of chosenSteps(process.argv.slice(2))) {
    const start = performance.now();
    note(`\n── verify: ${name}`);
    const status = await run(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    note(`── verify: ${name} ${status === 0 ? 'ok' : 'FAILED'} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    if (status === 0) continue;
    failed.push(name);
    if (name === 'bootstrap') break;
  }
  if (failed.length > 0) throw new ToolError(`verify failed: ${failed.join(', ')}`);
  note('\nverify: all good');
});
