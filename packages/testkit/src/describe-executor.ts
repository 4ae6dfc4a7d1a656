import { describe } from 'vitest';
import type { ExecutorFixture, ExecutorSuiteOptions } from './executor-suite/fixture.js';
import { checks, offers } from './executor-suite/offers.js';
import { aborts, runs } from './executor-suite/runs.js';

/**
 * The conformance suite of the `Executor` port, for vitest: the statements of its docstrings, over cases that the driver
 * names. Each test has a fresh executor, opened before it and closed after it.
 *
 * @example
 * describeExecutor('EchoExecutor', {
 *   makeFixture: () => ({ executor: new EchoExecutor() }),
 *   category: 'echo',
 *   succeeds: [{ name: 'a text', task: { input: { text: 'hi' } }, result: { text: 'hi' } }],
 *   fails: [],
 *   refuses: [{ name: 'no text', task: { input: {} }, code: 'invalid_input', mentions: 'text' }],
 *   endless: [{ name: 'an echo that never comes', task: { input: { text: 'hi', after: 'ever' } } }],
 * });
 */
export function describeExecutor<F extends ExecutorFixture>(name: string, options: ExecutorSuiteOptions<F>): void {
  describe(`${name} as an Executor`, () => {
    describe('what it offers', () => offers(options));
    describe('check', () => checks(options));
    describe('execute', () => runs(options));
    describe('an abort', () => aborts(options));
  });
}
