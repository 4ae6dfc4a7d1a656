import type { RunContext } from '@execgo/core';
import { MemoryOutputStore, MemoryStore, type TaskSpec } from '@execgo/core';
import { createScheduler } from '@execgo/scheduler';
import { createApp, serve } from '@execgo/server-http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OutputItem } from '../src/index.js';
import { startProxy } from './support/cutting-proxy.js';
import { quickClient, rejection, take } from './support/quick.js';

interface Writer {
  readonly url: string;
  readonly port: number;
  /** Of the attempt under way, once there is one. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array | string): Promise<void>;
  finish(): void;
}

/** A server whose one kind of task writes what the test says. */
async function startWriter(): Promise<Writer> {
  let begun: (run: RunContext) => void = () => {};
  const running = new Promise<RunContext>((resolve) => {
    begun = resolve;
  });
  let finish = (): void => {};
  const kernel = createScheduler({
    store: new MemoryStore(),
    outputStore: new MemoryOutputStore(),
    executors: [
      {
        category: 'os',
        tools: async () => [],
        execute: (_task: TaskSpec, run: RunContext) =>
          new Promise<void>((resolve, reject) => {
            finish = resolve;
            run.signal.addEventListener('abort', () => reject(run.signal.reason));
            begun(run);
          }),
      },
    ],
  });
  await kernel.start();
  const server = await serve(createApp({ kernel, version: '1' }), { port: 0, drainTimeoutMs: 1000 });
  onTestFinished(async () => {
    await server.close();
    await kernel.stop({ graceMs: 0 });
  });
  await kernel.submit({ tasks: [{ id: 'a', type: 'os' }] });
  await running;
  return {
    url: server.url,
    port: server.address.port,
    async write(stream, bytes) {
      await (await running).output(stream, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    },
    finish: () => finish(),
  };
}

const textOf = (items: readonly OutputItem[], stream: string) =>
  items.map((item) => (item.type === 'output' && item.stream === stream ? item.text : '')).join('');

describe('output', () => {
  it('output: how much there is, and the text', async () => {
    const writer = await startWriter();
    await writer.write('stdout', 'höre');
    // Output is shown before it is durable that the attempt has begun.
    await expect
      .poll(() => quickClient(writer.url).output('a'))
      .toMatchObject({
        task_id: 'a',
        attempt: 1,
        status: 'running',
        live: true,
        stdout: { bytes: 5, kept: 5, truncated: false, text: 'höre' },
        stderr: { bytes: 0 },
      });
  });

  it('readOutput: the bytes, or some of them; fewer where fewer are kept', async () => {
    const writer = await startWriter();
    const bytes = Uint8Array.from({ length: 200 }, (_, at) => at);
    await writer.write('stdout', bytes);
    const client = quickClient(writer.url);
    const read = async (options?: object) => Array.from((await client.readOutput('a', 'stdout', options)).bytes);
    expect(await client.readOutput('a', 'stdout')).toEqual({ bytes, attempt: 1, truncated: false });
    expect(await read({ start: 10, end: 12 })).toEqual([10, 11]);
    expect(await read({ start: 198 })).toEqual([198, 199]);
    expect(await read({ end: 2 })).toEqual([0, 1]);
    expect(await read({ start: 199, end: 1000 })).toEqual([199]);
    expect(await read({ start: 5, end: 5 })).toEqual([]);
    expect(await read({ start: 200 })).toEqual([]);
    expect(await read({ start: 5000, end: 6000 })).toEqual([]);
    expect((await client.readOutput('a', 'stderr')).bytes).toHaveLength(0);
    await expect(client.readOutput('a', 'stdout', { start: -1 })).rejects.toThrow(
      'option start: expected a byte offset',
    );
    expect(await rejection(client.readOutput('nobody', 'stdout'))).toMatchObject({ status: 404 });
  });

  it('watchOutput: what is there, then what comes, each byte once over cuts, until the task is terminal', async () => {
    const writer = await startWriter();
    const proxy = await startProxy(writer.port);
    const items: OutputItem[] = [];
    let came = (): void => {};
    const watching = (async () => {
      for await (const item of quickClient(proxy.url).watchOutput('a')) {
        items.push(item);
        came();
      }
    })();
    let written = '';
    for (let at = 0; at < 8; at += 1) {
      const line = `line ${at} ü\n`;
      await writer.write('stdout', line);
      written += line;
      if (at % 2 === 0) {
        while (textOf(items, 'stdout') !== written) {
          await new Promise<void>((resolve) => {
            came = resolve;
          });
        }
      }
      proxy.cut();
    }
    await writer.write('stderr', Uint8Array.of(0xff, 0x00));
    writer.finish();
    await watching;
    expect(textOf(items, 'stdout')).toBe(written);
    expect(items[0]).toEqual({ type: 'attempt', attempt: 1 });
    expect(items.filter((item) => item.type === 'output' && item.stream === 'stderr')).toEqual([
      { type: 'output', attempt: 1, stream: 'stderr', offset: 0, bytes: Uint8Array.of(0xff, 0x00) },
    ]);
    expect(items.at(-1)).toMatchObject({ type: 'end', status: 'success', attempt: 1, stderr: { bytes: 2 } });
  });

  it('watchOutput ends with the reason of its signal', async () => {
    const writer = await startWriter();
    await writer.write('stdout', 'x');
    const abort = new AbortController();
    const error = await rejection(
      (async () => {
        for await (const item of quickClient(writer.url).watchOutput('a', { signal: abort.signal })) {
          if (item.type === 'output') abort.abort('seen enough');
        }
      })(),
    );
    expect(error).toBe('seen enough');
    expect(await rejection(take(quickClient(writer.url).watchOutput('nobody')))).toMatchObject({ status: 404 });
  });
});
