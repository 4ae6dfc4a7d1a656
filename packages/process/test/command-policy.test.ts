import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALLOWED_COMMANDS, checkCommandVariables, resolveCommand } from '../src/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'execgo-policy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string): string {
  const file = join(folder, name);
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o755);
  return file;
}

describe('the policy "allowlist"', () => {
  it('finds listed commands in fixed folders, whatever PATH says', () => {
    program('ls');
    expect(resolveCommand('allowlist', 'ls', folder)).toMatch(/^\/(usr\/)?bin\/ls$/);
  });

  it('lets nothing else run, and names what it lets run', () => {
    const file = program('mine');
    for (const command of ['mine', file, 'sh', '/bin/sh', '../ls', 'ls -l', '']) {
      expect(() => resolveCommand('allowlist', command, folder), command).toThrow(/not on the allowlist/);
    }
    expect(() => resolveCommand('allowlist', 'sh', '')).toThrow([...ALLOWED_COMMANDS].join(' '));
  });

  it('refuses variables that make a listed command run other code', () => {
    expect(() => checkCommandVariables('allowlist', { LD_PRELOAD: 'x.so' })).toThrow(/env\.LD_PRELOAD/);
    expect(() => checkCommandVariables('allowlist', { MINE: 'x', LANG: 'C' })).not.toThrow();
    expect(() => checkCommandVariables('allowlist', undefined)).not.toThrow();
  });
});

describe('the policy "open"', () => {
  it('finds commands in the PATH given, and takes one with a slash as it is', () => {
    const file = program('mine');
    expect(resolveCommand('open', 'mine', `:${folder}`)).toBe(file);
    expect(resolveCommand('open', './mine', folder)).toBe('./mine');
    expect(() => resolveCommand('open', 'mine', '')).toThrow('command not found: mine');
  });

  it('refuses only the variables that no task may declare', () => {
    expect(() => checkCommandVariables('open', { LD_PRELOAD: 'x.so' })).not.toThrow();
    expect(() => checkCommandVariables('open', { EXECGO_RUN: 'x' })).toThrow(/EXECGO_/);
  });
});
