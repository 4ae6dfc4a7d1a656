import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { resolveSettings } from '../src/settings/resolve-settings.js';
import { readTokens } from '../src/token.js';

const folder = mkdtempSync(join(tmpdir(), 'execgo-token-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'token');
function tokenFrom(content: string | Uint8Array, mode = 0o600) {
  writeFileSync(file, content);
  chmodSync(file, mode);
  return readTokens(resolveSettings({ options: { tokenFile: file } }).settings);
}

it('the token is what the file holds, without the white space round it', () => {
  expect(tokenFrom('s3cret+/=\n')).toEqual({ token: 's3cret+/=' });
});

it.skipIf(process.platform === 'win32').each([0o644, 0o640, 0o604, 0o660, 0o610, 0o666])(
  'a token file of mode %o is refused, and chmod is named',
  (mode) => {
    expect(() => tokenFrom('secret', mode)).toThrow(`so that others may read it: chmod 600 ${file}`);
  },
);

it('mode 0400 is as good', () => {
  expect(tokenFrom('secret', 0o400)).toEqual({ token: 'secret' });
  rmSync(file);
});

it.each([
  ['', 'is empty'],
  ['\n', 'is empty'],
  ['two words', 'visible ASCII'],
  ['schlüssel', 'visible ASCII'],
  [Uint8Array.of(0xff, 0xfe), 'visible ASCII'],
])('a file that holds %j is refused, without being shown', (content, problem) => {
  expect(() => tokenFrom(content)).toThrow(problem);
  if (content.length > 2) expect(() => tokenFrom(content)).not.toThrow(String(content));
});

it('a file that is not there is refused by name', () => {
  const missing = join(folder, 'nowhere');
  const { settings } = resolveSettings({ options: { tokenFile: missing } });
  expect(() => readTokens(settings)).toThrow(`--token-file ${missing} cannot be read: `);
});

it('a token given twice is refused', () => {
  const { settings } = resolveSettings({ options: { tokenFile: file }, env: { EXECGO_TOKEN: 'other' } });
  expect(() => readTokens(settings)).toThrow('given twice');
});

it('named tokens in EXECGO_TOKEN are refused, without being shown: they go into a file', () => {
  const { settings } = resolveSettings({
    env: { EXECGO_TOKEN: '{"tokens":[{"name":"ci","token":"s3cret","scopes":["read"]}]}' },
  });
  expect(() => readTokens(settings)).toThrow('EXECGO_TOKEN begins like JSON');
  expect(() => readTokens(settings)).not.toThrow('s3cret');
});

it('none is asked for where none is set', () => {
  expect(readTokens(resolveSettings().settings)).toEqual({});
});

it('a file that holds JSON names several callers', () => {
  const tokens = [{ name: 'ci', token: 's3cret', scopes: ['submit', 'read'] }];
  expect(tokenFrom(JSON.stringify({ tokens }, undefined, 2))).toEqual({ tokens });
});

it.each([
  ['{"tokens":[{"name":"ci","token":"s3cret","scopes":["write"]}]}', 'tokens[0].scopes'],
  ['{"tokens":[{"name":"ci","token":"s3cret"', 'begins like JSON'],
])('%s is refused, without a token being shown', (content, problem) => {
  expect(() => tokenFrom(content)).toThrow(problem);
  expect(() => tokenFrom(content)).not.toThrow('s3cret');
});
