import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Bench, useBench } from './support/executor.js';

const under = useBench();
const file = (action: string, path: string, more: object = {}) => under.bench.run('file', { action, path, ...more });

describe('the file tool', () => {
  it('write and append make parents and tell bytes_written; read gives content and size', async () => {
    expect(await file('write', 'a/b/c', { content: 'grün' })).toEqual({ bytes_written: 5 });
    expect(await file('append', 'a/b/c', { content: '!' })).toEqual({ bytes_written: 1 });
    expect(await file('append', 'd/e')).toEqual({ bytes_written: 0 });
    expect(await file('read', 'a/b/c')).toEqual({ content: 'grün!', size: 6 });
    expect(await file('read', join(under.bench.root, 'd/e'))).toEqual({ content: '', size: 0 });
  });

  it('takes and gives any bytes as base64', async () => {
    const content = Buffer.from([0, 255, 128, 10]).toString('base64');
    expect(await file('write', 'bin', { content, encoding: 'base64' })).toEqual({ bytes_written: 4 });
    expect(await file('read', 'bin', { encoding: 'base64' })).toEqual({ content, size: 4 });
  });

  it('delete removes a file or an empty folder', async () => {
    await file('write', 'a/b', { content: 'x' });
    expect(await file('delete', 'a/b')).toEqual({ deleted: true });
    expect(await file('delete', 'a')).toEqual({ deleted: true });
    await expect(file('stat', 'a')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('stat shows mode as Go prints it', async () => {
    await file('write', 'dir/file', { content: '12345' });
    chmodSync(join(under.bench.root, 'dir/file'), 0o644);
    expect(await file('stat', 'dir/file')).toEqual({
      name: 'file',
      size: 5,
      mode: '-rw-r--r--',
      mod_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      is_dir: false,
    });
    chmodSync(join(under.bench.root, 'dir'), 0o1755);
    expect(await file('stat', 'dir')).toMatchObject({ name: 'dir', mode: 'dtrwxr-xr-x', is_dir: true });
    chmodSync(join(under.bench.root, 'dir/file'), 0o6711);
    expect(await file('stat', 'dir/file')).toMatchObject({ mode: 'ugrwx--x--x' });
    execFileSync('/usr/bin/mkfifo', ['-m', '600', join(under.bench.root, 'fifo')]);
    expect(await file('stat', 'fifo')).toMatchObject({ mode: 'prw-------' });
  });

  it('list shows entries by name, links as links', async () => {
    await file('write', 'b', { content: 'x' });
    mkdirSync(join(under.bench.root, 'a'));
    symlinkSync('/etc', join(under.bench.root, 'c'));
    expect(await file('list', '.')).toEqual({
      entries: [
        expect.objectContaining({ name: 'a', is_dir: true }),
        expect.objectContaining({ name: 'b', size: 1, is_dir: false }),
        expect.objectContaining({ name: 'c', mode: expect.stringMatching(/^L/), is_dir: false }),
      ],
    });
  });

  it('whatever leads outside is denied, at submit where its text tells', async () => {
    writeFileSync(join(under.bench.base, 'secret'), 'OUTSIDE');
    symlinkSync(under.bench.base, join(under.bench.root, 'out'));
    const outside = ['..', '../secret', '/etc/passwd', '/proc/self/environ', '/dev/zero', `${under.bench.root}-evil/x`];
    for (const action of ['read', 'write', 'append', 'delete', 'stat', 'list']) {
      for (const path of [...outside, '.git/config']) {
        expect(await under.bench.check('file', { action, path }), path).toMatchObject({ code: 'denied' });
      }
      await expect(file(action, 'out/secret')).rejects.toMatchObject({ code: 'denied' });
      for (const path of ['a\0b', 'n'.repeat(300)]) {
        expect(await under.bench.check('file', { action, path })).toMatchObject({ code: 'invalid_input' });
      }
    }
  });

  it('the data directory and the configuration are out of reach, in the workspace too', async () => {
    const bench = new Bench();
    const guarded = new Bench({
      workspace: bench.root,
      protectedPaths: [join(bench.root, 'data'), join(bench.root, 'execgo.config.json')],
    });
    try {
      await bench.run('file', { action: 'write', path: 'data/state.json', content: '{}' });
      for (const path of ['data/state.json', 'data', 'execgo.config.json', './data/../data/x']) {
        expect(await guarded.check('file', { action: 'write', path })).toMatchObject({ code: 'denied' });
      }
    } finally {
      await guarded.dispose();
      await bench.dispose();
    }
  });
});
