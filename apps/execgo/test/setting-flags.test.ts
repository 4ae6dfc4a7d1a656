import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addSettingFlags, flagsGiven } from '../src/setting-flags.js';

function given(...argv: string[]) {
  const command = addSettingFlags(new Command());
  command.parse(argv, { from: 'user' });
  return Object.fromEntries(flagsGiven(command));
}

it('what was given is passed on as text, in the order in which it was given', () => {
  expect(given('--addr', ':1', '--executor=a', '--executor', 'b,c', '--max-tasks', '-5')).toEqual({
    addr: [':1'],
    executor: ['a', 'b,c'],
    maxTasks: ['-5'],
  });
});

it('a flag without a value is true, also one that begins with "no"', () => {
  expect(given('--no-resume', '--allow-unauthenticated')).toEqual({
    noResume: ['true'],
    allowUnauthenticated: ['true'],
  });
});

it('a flag that was not given is left to the other sources', () => {
  expect(given()).toEqual({});
});
