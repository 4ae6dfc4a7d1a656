import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { type AccessOptions, isToken, parseNamedTokens } from '@execgo/access';
import { errorMessage } from '@execgo/core';
import { SettingsError } from './settings/settings-error.js';
import type { Settings } from './settings/table.js';

const OTHERS = 0o077;

/** What callers must present; empty when none is asked for. */
export type Tokens = Pick<AccessOptions, 'token' | 'tokens'>;

/**
 * The one token without a name, or those of several callers, from a file that holds JSON.
 *
 * @throws SettingsError for a file that cannot be read or that others may read, and for what is no token; it never shows one
 */
export function readTokens({ token, tokenFile }: Settings): Tokens {
  if (token !== undefined && tokenFile !== undefined) {
    throw new SettingsError('the token is given twice, by EXECGO_TOKEN and by --token-file: keep one of them');
  }
  if (tokenFile !== undefined) return readTokenFile(tokenFile);
  return token === undefined ? {} : { token: oneToken(token) };
}

/** The text of a token file would pass for a token where it has no spaces, and nobody could present it. */
function oneToken(token: string): string {
  if (!token.startsWith('{')) return checked(token, 'EXECGO_TOKEN');
  throw new SettingsError('EXECGO_TOKEN begins like JSON: it holds one token alone; named ones go into a --token-file');
}

/** What a token file holds. @throws SettingsError as `readTokens` */
export function readTokenFile(file: string): Tokens {
  return fromText(readOwnFile(file).trim(), file);
}

function fromText(text: string, file: string): Tokens {
  if (!text.startsWith('{')) return { token: checked(text, file) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which is secret.
    throw new SettingsError(
      `--token-file ${file} begins like JSON, and is none: expected {"tokens":[{"name":…,"token":…,"scopes":[…]}]}`,
    );
  }
  try {
    return { tokens: parseNamedTokens(value, file) };
  } catch (cause) {
    throw new SettingsError(`--token-file: ${errorMessage(cause)}`, { cause });
  }
}

function readOwnFile(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    // Windows has no such bits: there, every file would look open to all.
    const mode = process.platform === 'win32' ? 0 : fstatSync(descriptor).mode;
    if ((mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw new SettingsError(`--token-file ${file} has mode ${octal}, so that others may read it: chmod 600 ${file}`);
    }
    return readFileSync(descriptor, 'utf8');
  } catch (cause) {
    if (cause instanceof SettingsError) throw cause;
    throw new SettingsError(`--token-file ${file} cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function checked(token: string, place: string): string {
  if (isToken(token)) return token;
  const problem = token === '' ? 'is empty' : 'holds something else than visible ASCII characters without spaces';
  throw new SettingsError(`the token in ${place} ${problem}`);
}
