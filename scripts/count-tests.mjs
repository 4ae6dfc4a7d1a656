// Sums up Vitest's JSON reports: `count-tests.mjs <other failures> <report>…`. A report that is not there, a test file
// that could not be loaded and a failure outside the tests count as failed.
import { existsSync } from 'node:fs';
import { readJson } from './toolchain.mjs';

const [otherFailures, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const path of reports) {
  if (!existsSync(path)) {
    failed += 1;
    continue;
  }
  const report = /** @type {import('vitest/node').JsonTestResults} */ (/** @type {unknown} */ (readJson(path)));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  failed += report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
}
if (failed === 0) failed = Number(otherFailures);
console.log(`${passed} passed, ${failed} failed`);
