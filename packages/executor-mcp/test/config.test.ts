import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { createMcpExecutor, type McpServerConfig, parseMcpConfig, readMcpConfig } from '../src/index.js';
import { fixture } from './support/servers.js';
import { useExecutor } from './support/use-executor.js';

const parse = (servers: unknown, env: Record<string, string> = {}) => parseMcpConfig({ mcpServers: servers }, env);

/** The message that a configuration is refused with. */
function refusal(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return expect.fail('it was not refused');
}

describe('a configuration', () => {
  it('is read under mcpServers or servers, of either type', () => {
    const servers = {
      a: { command: 'a' },
      b: { url: 'https://b.example/mcp' },
      c: { type: 'streamable-http', url: 'http://c/' },
    };
    expect(parse(servers).servers).toEqual(servers);
    expect(parseMcpConfig({ servers }, {}).servers).toEqual(servers);
    expect(refusal(() => parseMcpConfig({ servers, mcpServers: servers }, {}))).toContain('not both');
  });

  it('has variables put into command, args, env, url and headers, and nowhere else', () => {
    const { servers } = parse(
      {
        a: {
          command: `\${BIN}/a`,
          args: [`--key=\${KEY}`, `\${NONE:-none}`, '$KEY'],
          env: { TOKEN: `\${KEY}` },
          cwd: `\${KEY}`,
        },
        b: { url: `https://\${HOST:-b.example}/mcp`, headers: { Authorization: `Bearer \${KEY}` } },
      },
      { BIN: '/opt', KEY: 'secret' },
    );
    expect(servers.a).toMatchObject({
      command: '/opt/a',
      args: ['--key=secret', 'none', '$KEY'],
      env: { TOKEN: 'secret' },
      cwd: `\${KEY}`,
    });
    expect(servers.b).toMatchObject({ url: 'https://b.example/mcp', headers: { Authorization: 'Bearer secret' } });
  });

  it('a variable that is not set and has no default is refused, naming server, field and variable', () => {
    const message = refusal(() => parse({ files: { command: 'x', args: ['a', `\${ROOT}`] } }));
    expect(message).toContain('mcpServers.files.args[1]');
    expect(message).toContain('ROOT');
    expect(refusal(() => parse({ web: { url: 'http://x', headers: { Key: `\${K}` } } }))).toContain('web.headers.Key');
  });

  it('leaves out servers that are disabled, and names what it ignores', () => {
    const { servers, warnings } = parse({
      off: { command: 'x', disabled: true },
      on: { command: 'x', autoApprove: [] },
    });
    expect(Object.keys(servers)).toEqual(['on']);
    expect(warnings).toEqual([expect.stringContaining('"off" is disabled'), expect.stringContaining('autoApprove')]);
  });

  it('fields of other hosts that are a little like known ones are no near misses', () => {
    const { warnings } = parse({ a: { command: 'x', dev: {}, tags: [], id: 'a', ui: {} } });
    expect(warnings).toEqual([expect.stringContaining('ignored fields: dev, tags, id, ui')]);
  });

  it('a server that is disabled is left out by the executor too', async () => {
    const { failure } = await useExecutor({ servers: { off: { command: '/not/there', disabled: true } } });
    expect(await failure('off.any')).toMatchObject({ code: 'not_found', message: expect.stringContaining('off') });
  });

  const refused: readonly (readonly [string, unknown, string, string])[] = [
    ['a name with a dot', { 'a.b': { command: 'x' } }, 'mcpServers.a.b', 'server name'],
    ['no object', { a: 5 }, 'mcpServers.a', 'an object'],
    ['neither command nor url', { a: {} }, 'mcpServers.a', '"command"'],
    ['both', { a: { command: 'x', url: 'http://x' } }, 'mcpServers.a', 'not both'],
    ['sse', { a: { type: 'sse', url: 'http://x' } }, 'mcpServers.a.type', 'streamable HTTP'],
    ['another type', { a: { type: 'ws', url: 'http://x' } }, 'mcpServers.a.type', '"stdio" or "http"'],
    ['args that are no strings', { a: { command: 'x', args: [1] } }, 'mcpServers.a.args', 'a string'],
    ['env that is no object', { a: { command: 'x', env: [] } }, 'mcpServers.a.env', 'an object'],
    ['a reserved variable', { a: { command: 'x', env: { EXECGO_RUN: '1' } } }, 'mcpServers.a.env', 'EXECGO_'],
    ['no URL', { a: { url: 'nowhere' } }, 'mcpServers.a.url', 'a URL'],
    ['a file URL', { a: { url: 'file:///etc/passwd' } }, 'mcpServers.a.url', 'http or https'],
    ['credentials in the URL', { a: { url: 'http://u:hunter22@x/' } }, 'mcpServers.a.url', 'headers'],
    ['a header on two lines', { a: { url: 'http://x', headers: { A: 'b\nc' } } }, 'mcpServers.a.headers.A', 'one line'],
    ['a near miss', { a: { comand: 'x' } }, 'mcpServers.a.comand', 'did you mean "command"'],
    ['a near miss in execgo', { a: { command: 'x', execgo: { timeoutMS: 5 } } }, 'execgo.timeoutMS', '"timeoutMs"'],
    ['a near miss of a short name', { a: { command: 'x', cmd: 'y' } }, 'mcpServers.a.cmd', 'did you mean "cwd"'],
    ['anything unknown in execgo', { a: { command: 'x', execgo: { speed: 5 } } }, 'execgo.speed', 'one of timeoutMs'],
    ['a time that is none', { a: { command: 'x', execgo: { timeoutMs: 0 } } }, 'execgo.timeoutMs', 'from 1'],
    ['an era that is none', { a: { command: 'x', execgo: { era: 'new' } } }, 'execgo.era', 'legacy'],
    ['limits that contradict', { a: { command: 'x', execgo: { restart: { maxMs: 1 } } } }, 'restart.maxMs', 'baseMs'],
    ['a sandbox that is none', { a: { command: 'x', execgo: { sandbox: 'yes' } } }, 'execgo.sandbox', 'true, false'],
  ];

  it.each(refused)('is refused: %s', (_name, servers, field, reason) => {
    const message = refusal(() => parse(servers));
    expect(message).toContain(field);
    expect(message).toContain(reason);
    expect(message).not.toContain('hunter22');
    expect(refusal(() => createMcpExecutor({ servers: servers as Record<string, McpServerConfig> }))).toContain(field);
  });

  it('of a file: errors name the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'execgo-mcp-'));
    const file = join(folder, 'mcp.json');
    try {
      expect(refusal(() => readMcpConfig(file, {}))).toContain(file);
      writeFileSync(file, '{"mcpServers": {"a": {"command": "hunter22"');
      const message = refusal(() => readMcpConfig(file, {}));
      expect(message).toContain(file);
      expect(message).not.toContain('hunter22');
      writeFileSync(file, '\uFEFF{"mcpServers": {"a": {"command": "x", "argz": []}}}');
      expect(refusal(() => readMcpConfig(file, {}))).toContain(`${file}: mcpServers.a.argz`);
      writeFileSync(file, `{"mcpServers": {"a": {"command": "\${CMD}"}}}`);
      expect(readMcpConfig(file, { CMD: 'node' }).servers).toMatchObject({ a: { command: 'node' } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('configured values', () => {
  const secret = 'sesame-'.repeat(40);

  it('do not appear in what a tool says when it fails, not even where the message is cut', async () => {
    const one = { ...fixture(), env: { TOKEN: secret } } as McpServerConfig;
    const { failure } = await useExecutor({ servers: { one } });
    const said = `${'x'.repeat(1_900)}${secret}`;
    const failed = await failure('one.fail', { text: said });
    expect(failed.message).not.toContain('sesame');
    // The output of the tool is what it is.
    expect(failed.details?.result).toMatchObject({ text: said });
    expect((await failure('one.refuse', { message: said })).message).not.toContain('sesame');
  });

  it('do not appear where the reason of a failed start is cut', async () => {
    const script = `process.stdin.on('data', (line) => {
      const error = { code: -32600, message: 'x'.repeat(5900) + process.env.TOKEN };
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, error }) + '\\n');
    })`;
    const one = { command: process.execPath, args: ['-e', script], env: { TOKEN: secret }, execgo: { era: 'legacy' } };
    const { failure, notes } = await useExecutor({ servers: { one: one as McpServerConfig } });
    await failure('one.any');
    expect(JSON.stringify(notes)).toMatch(/x{5000}/);
    expect(JSON.stringify(notes)).not.toContain('sesame');
  });

  it('do not appear in errors and notes', async () => {
    const script = 'console.error("stderr repeats", process.argv[2], process.env.TOKEN); process.exit(3)';
    const config = parse(
      { one: { command: `\${NODE}`, args: ['-e', script, `\${KEY}`], env: { TOKEN: 'literal-token' } } },
      { NODE: process.execPath, KEY: 'sesame-123' },
    );
    const { failure, executor, notes } = await useExecutor({ servers: config.servers });
    const { message } = await failure('one.any');
    expect(message).toContain('stderr repeats');
    const health = await executor.health?.().catch(String);
    for (const text of [message, JSON.stringify(notes), String(health)]) {
      expect(text).not.toContain('sesame-123');
      expect(text).not.toContain('literal-token');
    }
  });
});
