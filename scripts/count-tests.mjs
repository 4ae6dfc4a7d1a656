// Sums up Vitest's JSON reports: `count-tests.mjs <other failures> <report>…`. Each failed test is named with the first
// lines of its message; the last line is the sum. A report that is not there, a test file that could not be loaded and a
// failure outside the tests count as failed.
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { readJson } from './toolchain.mjs';

const MAX_MESSAGE_LINES = 12;

const [otherFailures, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;

/**
 * @param {string} title
 * @param {string} [message]
 */
function fail(title, message = '') {
  failed += 1;
  console.log([`failed: ${title}`, ...message.split('\n', MAX_MESSAGE_LINES)].join('\n    ').trimEnd());
}

for (const path of reports) {
  if (!existsSync(path)) {
    fail(`${path}: no report`);
    continue;
  }
  const report = /** @type {import('vitest/node').JsonTestResults} */ (/** @type {unknown} */ (readJson(path)));
  passed += report.numPassedTests;
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = relative('.', name);
    if (status === 'failed' && assertionResults.length === 0) fail(file, message);
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'failed') fail(`${file} > ${fullName}`, failureMessages?.join('\n'));
    }
  }
}
if (failed === 0) failed = Number(otherFailures);
console.log(`${passed} passed, ${failed} failed`);
