import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder, startTestServer } from './support/running-server.js';

const EVERYTHING = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');

/** A folder with these files in it. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = freshFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const skill = (name: string, description = `What ${name} does`) => ({
  [`${name}/SKILL.md`]: `---\nname: ${name}\ndescription: ${description}\n---\n\n# ${name}\n`,
  [`${name}/scripts/hello.mjs`]: `console.log('hello from ${name}');\n`,
});
const below = (folder: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [join(folder, path), text]));
const mcpServers = (servers: object) => JSON.stringify({ mcpServers: servers });
const stdio = { command: process.execPath, args: [EVERYTHING, 'stdio'] };

describe('--mcp-config', () => {
  it('its servers are listed, called by tasks and by /mcp/call, with the same result', async () => {
    const cwd = project({ 'm.json': mcpServers({ every: stdio }) });
    const server = await startTestServer({ mcpConfig: 'm.json' }, cwd);
    const { body: listed } = await server.get('/mcp/tools');
    expect(listed.tools).toContainEqual(expect.objectContaining({ name: 'every.echo', category: 'mcp' }));
    const result = { text: 'Echo: hi', server: 'every', tool: 'echo' };
    const input = { message: 'hi' };
    expect(await server.run({ type: 'mcp', tool_name: 'every.echo', input })).toMatchObject({
      status: 'success',
      handle_id: expect.any(String),
      result,
    });
    const called = await server.post('/mcp/call', { id: 'c', tool_name: 'every.echo', input });
    expect(called).toMatchObject({ status: 202, body: { task_id: 'c', handle_id: 'c' } });
    const { body: handle } = await server.get('/mcp/tasks/c?wait=20000');
    expect(handle).toMatchObject({ status: 'success', output: result });
  });

  it('wrong arguments are refused when the graph is submitted, and nothing is stored', async () => {
    const cwd = project({ 'm.json': mcpServers({ every: stdio }) });
    const server = await startTestServer({ mcpConfig: 'm.json' }, cwd);
    const task = { id: 'a', type: 'mcp', tool_name: 'every.get-sum', input: { a: 'one', b: 2 } };
    const { status, body } = await server.post('/tasks', { tasks: [task] });
    expect([status, body.code, body.error]).toEqual([400, 'invalid_input', expect.stringContaining('input.a')]);
    expect((await server.get('/tasks')).body).toEqual([]);
  });

  it('a file that cannot be used keeps the server from starting, and says where', async () => {
    const cwd = project({ 'm.json': mcpServers({ every: { comand: 'x' } }) });
    await expect(startTestServer({ mcpConfig: 'm.json' }, cwd)).rejects.toThrow(/m\.json.*every.*comand/s);
    await expect(startTestServer({ mcpConfig: 'none.json' }, cwd)).rejects.toThrow('none.json');
  });

  it('without one, the smoke test of version 1 still echoes', async () => {
    const server = await startTestServer();
    expect(await server.run({ type: 'mcp', tool_name: 'demo.echo', input: { a: 1 } })).toMatchObject({
      result: { tool_name: 'demo.echo', echo: { a: 1 } },
    });
  });
});

describe('--skills-dir', () => {
  it('its skills are shown by stages, and their scripts run as tasks', async () => {
    const cwd = project(below('skills', { ...skill('alpha'), ...skill('beta') }));
    const server = await startTestServer({ skillsDir: ['skills'] }, cwd);
    const { body } = await server.get('/skills');
    expect(body.skills).toMatchObject([
      { name: 'alpha', description: 'What alpha does' },
      { name: 'beta', description: 'What beta does' },
    ]);
    expect((await server.get('/skills/alpha')).body).toMatchObject({
      name: 'alpha',
      body: expect.stringContaining('#'),
    });
    const run = await server.run({ type: 'cli-skills', tool_name: 'alpha/hello.mjs', input: {} });
    expect(run).toMatchObject({ status: 'success', result: { stdout: 'hello from alpha\n', exit_code: 0 } });
  });

  it('no task touches a folder of skills', async () => {
    const cwd = project(below('w/skills', skill('alpha')));
    const server = await startTestServer({ workspace: 'w', skillsDir: ['w/skills'], sandbox: 'off' }, cwd);
    const input = { action: 'write', path: 'skills/alpha/scripts/hello.mjs', content: 'evil' };
    expect(await server.run({ type: 'file', input })).toMatchObject({ code: 'denied' });
  });
});

it('no task touches a database of the store that lies in the workspace', async () => {
  const server = await startTestServer({ workspace: 'w', store: 'sqlite', sqlitePath: 'w/db/x.db', sandbox: 'off' });
  for (const name of ['x.db', 'x.db-wal', 'x.db-shm', 'lock']) {
    const input = { action: 'write', path: `db/${name}`, content: 'evil' };
    expect(await server.run({ type: 'file', input }), name).toMatchObject({ code: 'denied' });
  }
});

describe('--trust-project', () => {
  const files = {
    '.mcp.json': mcpServers({ mine: stdio, every: { ...stdio, disabled: true } }),
    ...below('.skills', skill('alpha', 'from .skills')),
    ...below('.claude/skills', { ...skill('alpha', 'from .claude'), ...skill('gamma') }),
  };

  it('without it ./.mcp.json, ./.skills and ./.claude/skills are left alone, and the log says so', async () => {
    const server = await startTestServer({}, project(files));
    expect((await server.get('/skills')).body).toEqual({ skills: [] });
    expect(JSON.stringify((await server.get('/mcp/tools')).body)).not.toContain('mine.echo');
    const said = server.log.map(({ msg }) => msg);
    for (const name of ['.mcp.json', '.skills', '.claude/skills']) {
      expect(said).toContainEqual(expect.stringContaining(`${name} is not used`));
    }
  });

  it('no task makes what a later start would heed', async () => {
    const server = await startTestServer({ workspace: '.', dataDir: freshFolder(), sandbox: 'off' }, freshFolder());
    for (const path of ['.mcp.json', '.skills/a/SKILL.md', '.claude/skills/a/SKILL.md', 'execgo.config.json']) {
      const input = { action: 'write', path, content: '{}' };
      expect(await server.run({ type: 'file', input })).toMatchObject({ code: 'denied' });
    }
  });

  it('with it they are used, after what the operator named', async () => {
    const cwd = project({ ...files, ...below('own', skill('gamma', 'from the operator')) });
    const server = await startTestServer({ trustProject: true, skillsDir: ['own'] }, cwd);
    const { body } = await server.get('/skills');
    expect(body.skills).toMatchObject([
      { name: 'alpha', description: 'from .skills', source: 'project' },
      { name: 'gamma', description: 'from the operator', source: 'user' },
    ]);
    expect(await server.run({ type: 'mcp', tool_name: 'mine.echo', input: { message: 'hi' } })).toMatchObject({
      result: { text: 'Echo: hi' },
    });
  });
});
