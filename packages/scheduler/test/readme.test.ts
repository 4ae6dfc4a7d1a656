import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createScheduler } from '../src/index.js';

type Program = (scheduler: typeof createScheduler, output: { log(...values: unknown[]): void }) => Promise<void>;
type ProgramMaker = new (first: string, second: string, body: string) => Program;

/** The constructor of async functions, which has no name of its own. */
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as ProgramMaker;

it('the program of the README prints what the README says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, program = ''] = readme.match(/```js\n([\s\S]*?)```/) ?? [];
  expect(program).toMatch(/^import \{ createScheduler \} from '@execgo\/scheduler';\n/);
  const printed: unknown[][] = [];
  const body = program.replace(/^import .*\n/, '');
  await new AsyncFunction('createScheduler', 'console', body)(createScheduler, {
    log: (...values) => printed.push(values),
  });
  expect(printed).toEqual([['success', { text: 'Hello, Hello, world' }]]);
  expect(program).toContain("// success { text: 'Hello, Hello, world' }");
});
