import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeRun } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { EVERYTHING, FILESYSTEM, MEMORY, modernOverStdio, nodeServer } from './support/servers.js';
import { noted, useExecutor } from './support/use-executor.js';

it('server-filesystem, server-memory, server-everything and a server of the 2026-07-28 era, over stdio', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'execgo-mcp-')));
  try {
    const { call, failure, check, executor, toolNames } = await useExecutor({
      servers: {
        files: nodeServer(FILESYSTEM, [folder]),
        memory: nodeServer(MEMORY, [], {}, { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }),
        everything: nodeServer(EVERYTHING, ['stdio']),
        modern: modernOverStdio(),
        pinned: modernOverStdio({ era: '2026-07-28' }),
      },
    });
    const names = await toolNames();
    for (const name of ['files.write_file', 'memory.read_graph', 'everything.echo', 'modern.echo', 'pinned.echo']) {
      expect(names).toContain(name);
    }

    const path = join(folder, 'note.txt');
    await call('files.write_file', { path, content: 'by a tool' });
    expect(readFileSync(path, 'utf8')).toBe('by a tool');
    expect((await call('files.read_text_file', { path })).text).toBe('by a tool');
    expect(await failure('files.read_text_file', { path: '/etc/passwd' })).toMatchObject({ code: 'external_failure' });
    const wrong = check({ tool_name: 'files.read_text_file', input: { pth: path } });
    await expect(wrong).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('input.path'),
    });

    const entities = [{ name: 'ExecGo', entityType: 'kernel', observations: ['calls tools'] }];
    await call('memory.create_entities', { entities });
    expect((await call('memory.read_graph', {})).structured_content).toMatchObject({ entities });

    const weather = await call('everything.get-structured-content', { location: 'Chicago' });
    expect(weather.structured_content).toMatchObject({ temperature: expect.any(Number) });
    expect((await call('everything.get-tiny-image', {})).content).toContainEqual(
      expect.objectContaining({ type: 'image', mimeType: 'image/png' }),
    );

    for (const server of ['modern', 'pinned']) {
      expect(await call(`${server}.add`, { a: 20, b: 22 })).toMatchObject({
        text: '42',
        structured_content: { sum: 42 },
      });
      expect(await failure(`${server}.fail`)).toMatchObject({ message: 'the handler threw' });
      await call(`${server}.grow`);
      const deadline = performance.now() + 5_000;
      while (!(await toolNames()).includes(`${server}.fresh`)) expect(performance.now()).toBeLessThan(deadline);
      const run = new FakeRun();
      const failed = failure(`${server}.forever`, {}, run);
      await noted(run, 'begun');
      run.abort();
      expect(await failed).toMatchObject({ code: 'cancelled' });
      const pid = Number((await call(`${server}.pid`)).text);
      const dying = failure(`${server}.forever`, {}, new FakeRun());
      process.kill(pid, 'SIGKILL');
      expect(await dying).toMatchObject({ code: 'external_failure', retryable: false });
      expect(Number((await call(`${server}.pid`)).text)).not.toBe(pid);
    }
    await executor.health?.();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
