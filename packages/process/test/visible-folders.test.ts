import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { visibleFolders } from '../src/sandbox/visible-folders.js';
import { freshFolder } from './support/sandbox.js';

let base: string;
const at = (...names: string[]) => join(base, ...names);
beforeEach(() => {
  base = freshFolder(onTestFinished);
  for (const path of ['ws/sub', 'skills/one', 'data', 'ws2']) mkdirSync(at(path), { recursive: true });
  symlinkSync(at('ws'), at('link'));
});

describe.skipIf(process.platform === 'win32')('what a sandbox shows', () => {
  it('is each folder once, at its real path, parents first', () => {
    const folders = visibleFolders(
      [at('skills', 'one'), at('link'), at('ws', 'sub')],
      [at('skills'), at('skills')],
      [],
    );
    expect(folders).toEqual([
      { path: at('ws'), writable: true },
      { path: at('skills'), writable: false },
      { path: at('skills', 'one'), writable: true },
    ]);
  });

  it('a folder that is given to read and to write is written', () => {
    expect(visibleFolders([at('ws')], [at('link')], [])).toEqual([{ path: at('ws'), writable: true }]);
  });

  it('is never a read-only folder within a writable one: no mount point is made below what a task writes', () => {
    expect(() => visibleFolders([at('ws')], [at('ws', 'sub')], [])).toThrow(
      `${at('ws', 'sub')} is to be read-only and lies in ${at('ws')}, which commands write to: keep the two apart`,
    );
  });

  it.each(['/', '/usr', '/etc', '/proc', '/proc/self', '/dev', '/dev/shm', '/sys'])(
    'is never %s to write to',
    (path) => {
      expect(() => visibleFolders([path], [], [])).toThrow('belongs to the system and cannot be given to a sandbox');
    },
  );

  it.each(['/', '/proc', '/dev', '/sys/kernel'])('is never %s to read', (path) => {
    expect(() => visibleFolders([], [path], [])).toThrow('belongs to the system and cannot be shown in a sandbox');
  });

  it('is nothing writable that holds what is protected, or lies in it, also by another name or before it exists', () => {
    for (const secret of [at('ws'), at('ws', 'sub'), at('link', 'sub'), at('ws', 'not', 'yet'), base]) {
      expect(() => visibleFolders([at('ws')], [], [secret]), secret).toThrow('may not be touched by commands');
    }
    expect(visibleFolders([at('ws')], [], [at('ws2'), at('data')])).toHaveLength(1);
  });

  it('is nothing readable that holds what is protected; a protected folder itself may be shown', () => {
    expect(() => visibleFolders([], [base], [at('data')])).toThrow('which they are to read: show less of it');
    expect(visibleFolders([], [at('skills', 'one')], [at('skills', 'one')])).toHaveLength(1);
  });
});
