import { ConfigError, isJsonObject } from '@execgo/core';
import { isScope, SCOPES, type Scope } from './scope.js';
import { isToken } from './token.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A token of one caller. */
export interface NamedToken {
  /** 1–64 letters, digits, `.`, `_` and `-`: what events carry as `actor`. */
  readonly name: string;
  /** Visible ASCII characters without spaces. */
  readonly token: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
}

/**
 * Tokens as a file holds them: `{"tokens":[{"name":"ci","token":"…","scopes":["submit","read"]}, …]}`.
 *
 * @param place what the file is called in a message
 * @throws ConfigError naming the entry and the field; it never shows a token
 */
export function parseNamedTokens(value: unknown, place: string): readonly NamedToken[] {
  if (!isJsonObject(value) || !Array.isArray(value.tokens)) {
    throw new ConfigError(place, 'an object with "tokens", an array', hidden(value));
  }
  const unknown = Object.keys(value).find((key) => key !== 'tokens');
  if (unknown !== undefined)
    throw new ConfigError(`${place}: ${unknown}`, 'no other field than "tokens"', '(not shown)');
  return checkNamedTokens(value.tokens, `${place}: tokens`);
}

/** @throws ConfigError as `parseNamedTokens`; two entries with one name or one token are refused too */
export function checkNamedTokens(entries: readonly unknown[], place: string): readonly NamedToken[] {
  if (entries.length === 0) throw new ConfigError(place, 'at least one token', 'none');
  const tokens = entries.map((entry, at) => checkEntry(entry, `${place}[${at}]`));
  const names = new Map<string, number>();
  const secrets = new Map<string, number>();
  tokens.forEach(({ name, token }, at) => {
    const sameName = names.get(name);
    if (sameName !== undefined)
      throw new ConfigError(`${place}[${at}].name`, `another name than ${place}[${sameName}]`, name);
    const sameToken = secrets.get(token);
    if (sameToken !== undefined) {
      throw new ConfigError(`${place}[${at}].token`, `another token than ${place}[${sameToken}]`, '(not shown)');
    }
    names.set(name, at);
    secrets.set(token, at);
  });
  return tokens;
}

function checkEntry(entry: unknown, place: string): NamedToken {
  if (!isJsonObject(entry)) throw new ConfigError(place, 'an object with name, token and scopes', hidden(entry));
  const { name, token, scopes, ...others } = entry;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new ConfigError(`${place}.${unknown}`, 'no other field than name, token and scopes', '(not shown)');
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new ConfigError(`${place}.name`, '1 to 64 letters, digits, ".", "_" and "-", a letter or digit first', name);
  }
  if (!isToken(token))
    throw new ConfigError(`${place}.token`, 'visible ASCII characters without spaces', hidden(token));
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every(isScope)) {
    throw new ConfigError(`${place}.scopes`, `an array with some of ${SCOPES.join(', ')}`, scopes);
  }
  return { name, token, scopes };
}

function hidden(value: unknown): unknown {
  return value === undefined ? undefined : '(not shown)';
}
