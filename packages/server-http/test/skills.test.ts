import { ExecGoError, type SkillCatalogue, type SkillDetails } from '@execgo/core';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { send, testApp } from './support/test-server.js';

const GREET: SkillDetails = {
  name: 'greet',
  description: 'Greets people',
  source: 'user',
  scripts: ['greet.sh'],
  body: '# How to greet\n',
  files: [{ path: 'references/a b%.md', size: 5 }],
  warnings: [],
};
const FILES = new Map<string, Uint8Array>([
  ['references/a b%.md', Buffer.from('héllo')],
  ['assets/logo.png', Buffer.from([0x89, 0x50, 0x00, 0xff])],
  ['assets/latin1.txt', Buffer.from([0xe9])],
]);

const skills: SkillCatalogue = {
  list: async () => [{ name: 'greet', description: 'Greets people', source: 'user', scripts: ['greet.sh'] }],
  async get(name) {
    if (name !== 'greet') throw new ExecGoError('not_found', `skill not found: ${name}`);
    return GREET;
  },
  async file(name, path) {
    const bytes = name === 'greet' ? FILES.get(path) : undefined;
    if (bytes === undefined) throw new ExecGoError('not_found', `file not found: ${path}`);
    return { path, size: bytes.length, bytes };
  },
};
const { app } = testApp(fakeKernel(), { skills });

describe('the catalogue of skills, as an agent discloses it', () => {
  it('GET /skills: names and descriptions', async () => {
    const { status, json } = await send(app, 'GET', '/skills');
    expect([status, json]).toEqual([200, { skills: await skills.list() }]);
  });

  it('GET /skills/{name}: body and files', async () => {
    const { status, json } = await send(app, 'GET', '/skills/greet');
    expect([status, json]).toEqual([200, GREET]);
  });

  it('GET /skills/{name}/files/{path}: one file, text as text', async () => {
    const { status, headers, text } = await send(app, 'GET', '/skills/greet/files/references/a%20b%25.md');
    expect([status, text]).toEqual([200, 'héllo']);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each(['assets/logo.png', 'assets/latin1.txt'])('%s, which is no UTF-8 text, as bytes', async (path) => {
    const response = await app.request(`/skills/greet/files/${path}`, { headers: { host: 'localhost' } });
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(FILES.get(path) ?? []));
  });

  it('a slash in the path may be encoded, and the app mounted anywhere', async () => {
    const host = new Hono().route('/skills/of/execgo', app);
    expect((await send(app, 'GET', '/skills/greet/files/assets%2Flogo.png')).status).toBe(200);
    expect((await send(host, 'GET', '/skills/of/execgo/skills/greet/files/assets/logo.png')).status).toBe(200);
  });

  it('404 for a skill and for a file that are not there', async () => {
    for (const path of ['/skills/other', '/skills/greet/files/none', '/skills/other/files/a']) {
      expect((await send(app, 'GET', path)).json).toMatchObject({ code: 'not_found' });
    }
  });

  it('is empty where the server has no skills', async () => {
    const { app: bare } = testApp(fakeKernel());
    expect((await send(bare, 'GET', '/skills')).json).toEqual({ skills: [] });
    for (const path of ['/skills/greet', '/skills/greet/files/a']) {
      expect((await send(bare, 'GET', path)).json).toMatchObject({
        code: 'not_found',
        error: 'skill not found: greet',
      });
    }
  });
});
