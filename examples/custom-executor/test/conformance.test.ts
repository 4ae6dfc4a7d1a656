import { describeExecutor } from '@execgo/testkit';
import { createExecutor } from '../index.js';

const task = (n: unknown) => ({ tool_name: 'integer', input: { n } as never });
/** The product of two primes of ten digits: years of trial division at this pace of the tests. */
const HARD = String(9_999_999_967n * 9_999_999_929n);

describeExecutor('the factor executor', {
  makeFixture: () => ({ executor: createExecutor() }),
  category: 'factor',
  succeeds: [
    { name: 'a composite', task: task('91'), result: { n: '91', factors: ['7', '13'] }, leavesSignalAlone: true },
    { name: 'a power', task: task('1024'), result: { factors: Array(10).fill('2') } },
    { name: 'a prime', task: task('1000000007'), result: { factors: ['1000000007'] } },
    { name: 'one', task: task('1'), result: { factors: ['1'] } },
  ],
  fails: [],
  refuses: [
    { name: 'no number', task: { tool_name: 'integer', input: {} }, code: 'invalid_input', mentions: 'input.n' },
    { name: 'a negative number', task: task('-7'), code: 'invalid_input', mentions: 'input.n' },
    { name: 'a number that is no text', task: task(7), code: 'invalid_input', mentions: 'input.n' },
    { name: 'another tool', task: { tool_name: 'fraction', input: { n: '7' } }, code: 'not_found' },
  ],
  endless: [{ name: 'a number that takes for ever', task: task(HARD) }],
});
