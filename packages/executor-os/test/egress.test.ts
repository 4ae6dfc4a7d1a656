import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from './support/executor.js';
import { TestServer } from './support/http-server.js';
import { INSIDE_HOSTS, METADATA_ADDRESSES, METADATA_HOSTS } from './support/spellings.js';

let server: TestServer;
let requests: string[];
let location = '';
const open: Bench[] = [];
beforeEach(async () => {
  requests = [];
  server = await TestServer.start((request, response) => {
    requests.push(request.url ?? '');
    // A header is ASCII; a URL may hold the rest percent-encoded.
    const encoded = location.replace(/[^\x20-\x7e]+/g, encodeURIComponent);
    if (request.url === '/redirect') response.writeHead(302, { location: encoded });
    response.end('reached');
  });
});
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.dispose();
  await server.close();
});

function bench(options: ConstructorParameters<typeof Bench>[0]): Bench {
  const made = new Bench(options);
  open.push(made);
  return made;
}

const denied = { code: 'denied' };

describe('link-local and metadata addresses are denied in every profile but open', () => {
  describe.each(['local', 'standard', 'strict'] as const)('%s', (profile) => {
    it.each(METADATA_HOSTS)('asked for directly: %s', async (host) => {
      const allow = ['169.254.169.254:80', '[fe80::1]:80', 'example.com:80'];
      const { run } = tools(bench({ egress: { profile, allow } }));
      await expect(run('http', { url: `http://${host}/latest/` })).rejects.toMatchObject(denied);
    });

    it.each(METADATA_HOSTS)('by redirect: %s', async (host) => {
      location = `http://${host}/latest/`;
      const { run } = tools(bench({ egress: { profile, allow: [`127.0.0.1:${server.port}`] } }));
      await expect(run('http', { url: `${server.url}/redirect` })).rejects.toMatchObject(denied);
      expect(requests).toEqual(['/redirect']);
    });

    it.each(METADATA_ADDRESSES)('by DNS: %s', async (address) => {
      const lookup = async () => [address];
      const { run } = tools(bench({ egress: { profile, lookup, allow: ['looks.fine.example:80'] } }));
      const url = 'http://looks.fine.example/';
      await expect(run('http', { url })).rejects.toMatchObject(denied);
      await expect(run('tcp', { address: 'looks.fine.example:80' })).rejects.toMatchObject(denied);
      await expect(run('dns', { name: 'looks.fine.example' })).rejects.toMatchObject(denied);
    });
  });

  it.each(METADATA_ADDRESSES)('by tcp: %s', async (address) => {
    const host = address.includes(':') ? `[${address}]` : address;
    const { run } = tools(bench({ egress: { profile: 'local' } }));
    await expect(run('tcp', { address: `${host}:80` })).rejects.toMatchObject(denied);
  });
});

describe('the profile standard', () => {
  it.each(INSIDE_HOSTS)('denies %s, directly and by redirect', async (host) => {
    const { run } = tools(bench({ egress: { profile: 'standard', allow: [`127.0.0.1:${server.port}`] } }));
    await expect(run('http', { url: `http://${host}:1/` })).rejects.toMatchObject(denied);
    location = `http://${host}:1/`;
    await expect(run('http', { url: `${server.url}/redirect` })).rejects.toMatchObject(denied);
    expect(requests).toEqual(['/redirect']);
  });

  it('denies names that resolve to the inside, and lists what is allowed', async () => {
    const egress = { profile: 'standard', lookup: async () => ['127.0.0.1'] } as const;
    const url = `http://inside.example:${server.port}/`;
    await expect(tools(bench({ egress })).run('http', { url })).rejects.toMatchObject(denied);
    for (const allow of [
      `127.0.0.1:${server.port}`,
      `inside.example:${server.port}`,
      `INSIDE.example:${server.port}`,
    ]) {
      const listed = tools(bench({ egress: { ...egress, allow: [allow] } }));
      expect(await listed.run('http', { url })).toMatchObject({ status_code: 200 });
    }
    const otherPort = tools(bench({ egress: { ...egress, allow: ['127.0.0.1:1'] } }));
    await expect(otherPort.run('http', { url })).rejects.toMatchObject(denied);
  });
});

describe('the profile strict', () => {
  it('lets through what is listed, by host and port, and no question about anything else', async () => {
    const lookup = async () => ['127.0.0.1'];
    const { run } = tools(bench({ egress: { profile: 'strict', lookup, allow: [`listed.example:${server.port}`] } }));
    expect(await run('http', { url: `http://listed.example:${server.port}/` })).toMatchObject({ status_code: 200 });
    expect(await run('dns', { name: 'listed.example' })).toMatchObject({ addrs: ['127.0.0.1'] });
    for (const url of [
      `http://other.example:${server.port}/`,
      server.url,
      'http://8.8.8.8/',
      'http://listed.example/',
    ]) {
      await expect(run('http', { url })).rejects.toMatchObject(denied);
    }
    for (const record of ['ip', 'txt', 'cname']) {
      await expect(run('dns', { name: 'data.attacker.example', record })).rejects.toMatchObject(denied);
    }
  });
});

describe('names that change their address', () => {
  it('are resolved once: the address checked is the address connected to', async () => {
    let asked = 0;
    const lookup = async () => [++asked === 1 ? '127.0.0.1' : '169.254.169.254'];
    const { run } = tools(bench({ egress: { profile: 'local', lookup } }));
    const url = `http://rebound.example:${server.port}/`;
    expect(await run('http', { url })).toMatchObject({ status_code: 200, body: 'reached' });
    expect(asked).toBe(1);
  });

  it('only permitted ones of several addresses are connected to, in their order', async () => {
    const lookup = async () => ['169.254.169.254', '::ffff:169.254.169.254', '127.0.0.1'];
    const { run } = tools(bench({ egress: { profile: 'local', lookup } }));
    expect(await run('http', { url: `http://mixed.example:${server.port}/` })).toMatchObject({ status_code: 200 });
    expect(await run('tcp', { address: `mixed.example:${server.port}` })).toMatchObject({ ok: true });
    expect(await run('dns', { name: 'mixed.example' })).toMatchObject({ addrs: ['127.0.0.1'] });
  });

  it('the next address is tried when one does not answer', async () => {
    const lookup = async () => ['127.9.9.9', '127.0.0.1'];
    const { run } = tools(bench({ egress: { profile: 'local', lookup } }));
    expect(await run('http', { url: `http://two.example:${server.port}/` })).toMatchObject({ status_code: 200 });
    expect(await run('tcp', { address: `two.example:${server.port}` })).toMatchObject({ ok: true });
  });
});

describe('ExecGo’s own ports and services', () => {
  it('are refused by every name of this machine, in local and standard', async () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const address = own.find((entry) => entry.family === 'IPv4' && !entry.internal)?.address;
    const hosts = [
      '127.0.0.1',
      'localhost',
      '0.0.0.0',
      '127.8.8.8',
      '[::1]',
      '[::ffff:127.0.0.1]',
      ...(address ? [address] : []),
    ];
    for (const profile of ['local', 'standard'] as const) {
      const allow = hosts.map((host) => `${host}:${server.port}`);
      const { run } = tools(bench({ egress: { profile, allow, forbidPorts: () => [server.port] } }));
      for (const host of hosts) {
        const url = `http://${host}:${server.port}/`;
        await expect(run('http', { url }), url).rejects.toMatchObject(denied);
        await expect(run('tcp', { address: `${host}:${server.port}` })).rejects.toMatchObject(denied);
      }
    }
    expect(requests).toEqual([]);
  });

  it('are refused as listed services, whatever name they are asked for by', async () => {
    const lookup = async (host: string) =>
      host === 'redis.example' || host === 'alias.example' ? ['127.0.0.1'] : ['127.0.0.2'];
    const forbid = [`redis.example:${server.port}`];
    const { run } = tools(bench({ egress: { profile: 'local', lookup, forbid } }));
    for (const host of ['redis.example', 'REDIS.example.', 'alias.example', '127.0.0.1']) {
      await expect(run('tcp', { address: `${host}:${server.port}` }), host).rejects.toMatchObject(denied);
    }
    const local = tools(bench({ egress: { profile: 'local', forbid: [`localhost:${server.port}`] } }));
    for (const host of ['localhost', '127.0.0.1', '127.3.3.3']) {
      await expect(local.run('tcp', { address: `${host}:${server.port}` }), host).rejects.toMatchObject(denied);
    }
  });

  it('the same port of another machine is none of them', async () => {
    const made = bench({ egress: { profile: 'local', forbidPorts: [server.port] } });
    expect(await made.check('tcp', { address: `10.255.255.1:${server.port}` })).toBeUndefined();
  });

  it('are open in the profile open', async () => {
    const { run } = tools(bench({ egress: { profile: 'open', forbidPorts: [server.port] } }));
    expect(await run('http', { url: server.url })).toMatchObject({ status_code: 200 });
  });
});

function tools(made: Bench) {
  return { run: made.run.bind(made) };
}
