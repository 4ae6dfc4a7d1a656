import { ConfigError } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { parseNamedTokens, resolveAccess } from '../src/index.js';

const ci = { name: 'ci', token: 'ci-secret', scopes: ['submit', 'read'] };

function problemWith(value: unknown): string {
  try {
    parseNamedTokens(value, 'tokens.json');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

describe('named tokens', () => {
  it('are what the file holds', () => {
    const viewer = { name: 'a.viewer_2-x', token: '~!', scopes: ['read'] };
    expect(parseNamedTokens({ tokens: [ci, viewer] }, 'tokens.json')).toEqual([ci, viewer]);
  });

  it.each([
    [[ci], 'option tokens.json'],
    ['ci-secret', 'option tokens.json'],
    [{}, 'option tokens.json'],
    [{ tokens: [] }, 'tokens.json: tokens'],
    [{ tokens: [ci], token: 'x' }, 'tokens.json: token'],
    [{ tokens: ['ci-secret'] }, 'tokens[0]'],
    [{ tokens: [{ ...ci, name: '' }] }, 'tokens[0].name'],
    [{ tokens: [{ ...ci, name: 'two words' }] }, 'tokens[0].name'],
    [{ tokens: [{ ...ci, name: 'n'.repeat(65) }] }, 'tokens[0].name'],
    [{ tokens: [{ ...ci, token: 'ci secret' }] }, 'tokens[0].token'],
    [{ tokens: [{ ...ci, token: '' }] }, 'tokens[0].token'],
    [{ tokens: [{ name: 'ci', scopes: ['read'] }] }, 'tokens[0].token'],
    [{ tokens: [{ ...ci, scopes: [] }] }, 'tokens[0].scopes'],
    [{ tokens: [{ ...ci, scopes: 'read' }] }, 'tokens[0].scopes'],
    [{ tokens: [{ ...ci, scopes: ['write'] }] }, 'tokens[0].scopes'],
    [{ tokens: [{ ...ci, scope: ['read'] }] }, 'tokens[0].scope'],
    [{ tokens: [ci, { ...ci, token: 'other' }] }, 'tokens[1].name'],
    [{ tokens: [ci, { ...ci, name: 'other' }] }, 'tokens[1].token'],
  ])('%j is refused by the place of the mistake, and no token is shown', (value, place) => {
    const message = problemWith(value);
    expect(message).toContain(place);
    expect(message).not.toMatch(/ci.secret/);
  });

  it('are checked where they are given in code too', () => {
    expect(() => resolveAccess({ tokens: [{ ...ci, scopes: [] }] })).toThrow('access.tokens[0].scopes');
  });
});
