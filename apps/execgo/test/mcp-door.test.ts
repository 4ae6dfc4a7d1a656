import { MemoryStore } from '@execgo/core';
import { createScheduler } from '@execgo/scheduler';
import { expect, it } from 'vitest';
import { mcpDoor } from '../src/mcp-door.js';

it('a door that could not be loaded is loaded by the next request', async () => {
  const kernel = createScheduler({ executors: [], store: new MemoryStore() });
  let tries = 0;
  const door = mcpDoor({
    version: '1.0.0',
    get kernel() {
      tries += 1;
      if (tries === 1) throw new RangeError('not this time');
      return kernel;
    },
  });
  const ask = async () =>
    door.fetch(new Request('http://127.0.0.1/mcp', { method: 'PUT', headers: { host: '127.0.0.1' } }), {
      peer: '127.0.0.1',
      closing: undefined,
    });
  await expect(ask()).rejects.toThrow('not this time');
  const answer = await ask();
  expect([answer.status, tries]).toEqual([405, 2]);
});
