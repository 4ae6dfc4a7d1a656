import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { ExecGoError } from '@execgo/core';
import { FakeClock, freshRun } from '@execgo/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemResolver } from '../src/index.js';
import { DnsServer } from './support/dns-server.js';
import { Bench } from './support/executor.js';

const benches: Bench[] = [];
function bench(options: ConstructorParameters<typeof Bench>[0]): Bench {
  const made = new Bench(options);
  benches.push(made);
  return made;
}
afterEach(async () => {
  for (const made of benches.splice(0)) await made.dispose();
});

describe('tcp', () => {
  let listening: Server;
  let port: number;
  beforeEach(async () => {
    listening = createServer().listen(0, '127.0.0.1');
    await once(listening, 'listening');
    port = (listening.address() as AddressInfo).port;
  });
  afterEach(() => listening.close());

  it('tells that something listens, and closes at once', async () => {
    const closed = once(listening, 'connection').then(([socket]) => once(socket.resume(), 'close'));
    const made = bench({ egress: { profile: 'local' } });
    const address = `127.0.0.1:${port}`;
    expect(await made.run('tcp', { address })).toEqual({ ok: true, address });
    await closed;
    expect(await made.run('tcp', { address: `localhost:${port}` })).toEqual({ ok: true, address: `localhost:${port}` });
  });

  it('fails as external_failure where nothing does', async () => {
    listening.close();
    await once(listening, 'close');
    const failing = bench({ egress: { profile: 'local' } }).run('tcp', { address: `127.0.0.1:${port}` });
    await expect(failing).rejects.toMatchObject({
      code: 'external_failure',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('fails as timeout after timeout_ms, and as the abort says', async () => {
    const lookup = () => new Promise<never>(() => undefined);
    const made = bench({ egress: { profile: 'local', lookup } });
    await expect(made.run('tcp', { address: 'slow.example:1', timeout_ms: 20 })).rejects.toMatchObject({
      code: 'timeout',
    });
    const run = freshRun();
    const failing = made.run('tcp', { address: 'slow.example:1' }, run);
    run.abort(new ExecGoError('cancelled', 'stop it'));
    await expect(failing).rejects.toMatchObject({ code: 'cancelled', message: 'stop it' });
  });
});

describe('dns', () => {
  let server: DnsServer;
  beforeEach(async () => {
    server = await DnsServer.start({
      'www.example.test': { cname: 'web.example.test' },
      'web.example.test': { cname: 'host.example.test' },
      'host.example.test': { txt: [['v=1 ', 'two parts'], ['another']] },
    });
  });
  afterEach(() => server.close());

  const options = () => ({
    resolver: systemResolver([server.address]),
    egress: {
      profile: 'local' as const,
      lookup: async (host: string) => {
        if (host.endsWith('.example.test')) return ['192.0.2.7'];
        throw new ExecGoError('external_failure', 'ENOTFOUND');
      },
    },
  });

  it('txt gives every text, put together', async () => {
    expect(await bench(options()).run('dns', { name: 'host.example.test', record: 'txt' })).toEqual({
      name: 'host.example.test',
      record: 'txt',
      txt: ['v=1 two parts', 'another'],
    });
  });

  it('cname gives the end of the chain with its dot, the name itself where there is none', async () => {
    const made = bench(options());
    const cname = (name: string) => made.run('dns', { name, record: 'cname' });
    expect(await cname('www.example.test')).toEqual({
      name: 'www.example.test',
      record: 'cname',
      cname: 'host.example.test.',
    });
    expect(await cname('host.example.test')).toMatchObject({ cname: 'host.example.test.' });
    await expect(cname('nowhere.test')).rejects.toMatchObject({ code: 'external_failure' });
  });

  it('ip is the default, and answers an address with itself', async () => {
    const made = bench(options());
    expect(await made.run('dns', { name: 'www.example.test' })).toEqual({
      name: 'www.example.test',
      record: 'ip',
      addrs: ['192.0.2.7'],
    });
    expect(await made.run('dns', { name: '127.0.0.1' })).toMatchObject({ addrs: ['127.0.0.1'] });
    expect(await bench({ egress: { profile: 'local' } }).run('dns', { name: 'localhost' })).toMatchObject({
      record: 'ip',
    });
  });

  it('what does not resolve is external_failure, naming it', async () => {
    const made = bench(options());
    for (const record of ['ip', 'txt', 'cname']) {
      await expect(made.run('dns', { name: 'nowhere.test', record })).rejects.toMatchObject({
        code: 'external_failure',
        message: expect.stringContaining('nowhere.test'),
      });
    }
  });

  it('an abort ends the waiting', async () => {
    const made = bench({ egress: { profile: 'local', lookup: () => new Promise<never>(() => undefined) } });
    const run = freshRun();
    const failing = made.run('dns', { name: 'slow.example' }, run);
    run.abort(new ExecGoError('timeout', 'too late'));
    await expect(failing).rejects.toMatchObject({ code: 'timeout', message: 'too late' });
  });
});

describe('sleep', () => {
  it('takes the time it is told, and an abort wakes it', async () => {
    const clock = new FakeClock();
    const made = bench({ clock });
    let result: unknown;
    const sleeping = made.run('sleep', { duration_ms: 600_000 }).then((value) => {
      result = value;
    });
    await clock.advance(599_999);
    expect(result).toBeUndefined();
    await clock.advance(1);
    await sleeping;
    expect(result).toEqual({ slept_ms: 600_000 });
    const run = freshRun();
    const woken = made.run('sleep', { duration_ms: 600_000 }, run);
    await clock.settle();
    run.abort(new ExecGoError('cancelled', 'wake up'));
    await expect(woken).rejects.toMatchObject({ code: 'cancelled', message: 'wake up' });
    expect(clock.pendingTimers).toBe(0);
  });
});
