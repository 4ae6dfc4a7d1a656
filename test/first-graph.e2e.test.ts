import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { finished, post, type WireTask } from './support/http-client.js';
import { launchReady, testFolder } from './support/server-process.js';

/** A web server for the http tool, which takes its time. */
async function webServer(): Promise<string> {
  const server = createServer((_, response) => setTimeout(() => response.end('from afar'), 20)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/greeting`;
}

it.each(['jsonfile', 'memory'])(
  'with the store %s a graph writes a file, runs a command and fetches over HTTP in the order of its dependencies; SIGTERM ends the server with 0',
  async (store) => {
    const folder = testFolder();
    const server = await launchReady({ folder, flags: ['--store', store] });
    const { url } = server;

    const accepted = await post(`${url}/tasks`, {
      tasks: [
        { id: 'write', type: 'file', params: { action: 'write', path: 'notes/a.txt', content: 'a secret note\n' } },
        { id: 'run', type: 'shell', params: { command: 'cat', args: ['notes/a.txt'] }, depends_on: ['write'] },
        { id: 'fetch', type: 'http', params: { url: await webServer() }, depends_on: ['run'] },
        {
          id: 'report',
          type: 'os',
          tool_name: 'file',
          input: { action: 'write', path: 'report.txt', content: { $from: 'fetch', pointer: '/body' } },
          depends_on: ['fetch'],
        },
      ],
    });
    expect(accepted).toMatchObject({
      status: 202,
      body: { accepted: 4, task_ids: ['write', 'run', 'fetch', 'report'] },
    });

    const tasks = await Promise.all(['write', 'run', 'fetch', 'report'].map((id) => finished(url, id)));
    expect(tasks.map(({ id, status, error }) => ({ id, status, error }))).toEqual(
      tasks.map(({ id }) => ({ id, status: 'success', error: undefined })),
    );
    const [write, run, fetched] = tasks as [WireTask, WireTask, WireTask];
    expect(write.result).toEqual({ bytes_written: 14 });
    expect(run.result).toMatchObject({ stdout: 'a secret note\n', exit_code: 0, runner: 'direct' });
    expect(fetched.result).toMatchObject({ status_code: 200, body: 'from afar' });
    for (const [at, task] of tasks.slice(1).entries()) {
      expect(Date.parse(task.runtime?.started_at ?? '')).toBeGreaterThanOrEqual(
        Date.parse(tasks[at]?.runtime?.finished_at ?? ''),
      );
    }
    expect(readFileSync(join(folder, 'workspace', 'report.txt'), 'utf8')).toBe('from afar');

    expect(await server.stop(), server.log()).toEqual({ code: 0, signal: null });
    expect(server.stdout()).toBe('');
    expect(server.log()).not.toContain('secret note');
    expect(existsSync(join(folder, 'data', 'state.json'))).toBe(store === 'jsonfile');
    await expect(fetch(url)).rejects.toThrow();
  },
);
