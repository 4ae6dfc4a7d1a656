import { describe, expect, it } from 'vitest';
import { isToolPattern, toolFilter } from '../src/index.js';

describe('which tools are offered', () => {
  const names = ['os__shell', 'os__file', 'shop__search', 'get_task'];
  const offered = (...patterns: string[]) => names.filter(toolFilter(patterns));

  it.each([
    [[], names],
    [['*'], names],
    [['os__*'], ['os__shell', 'os__file']],
    [
      ['get_task', 'shop__search'],
      ['shop__search', 'get_task'],
    ],
    [['os__????'], ['os__file']],
    [['!os__*'], ['shop__search', 'get_task']],
    [['!os__shell', 'os__*'], ['os__file']],
    [['shell'], []],
  ])('%j lets through %j', (patterns, expected) => {
    expect(offered(...patterns)).toEqual(expected);
  });

  it.each(['', '!', 'os.shell', 'a b', '*;', '!!a'])('a pattern that no name could match is refused: %j', (pattern) => {
    expect(isToolPattern(pattern)).toBe(false);
    expect(() => toolFilter([pattern])).toThrow(
      `option tools: expected names of tools, or globs of letters, digits, _, -, * and ?, got ${JSON.stringify(pattern)}`,
    );
  });
});
