import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MCP_LIMITS } from '../src/index.js';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block);

const readme = read('../README.md');
const guide = read('../../../docs/mcp-server.md');

describe('docs/mcp-server.md', () => {
  it('has for each client an entry for stdio and one for HTTP with a token, and they parse', () => {
    const entries = blocks(guide, 'json').map((block) => JSON.parse(block));
    const servers = entries.map(({ mcpServers, servers: ofCode }) => (mcpServers ?? ofCode).execgo);
    expect(servers).toHaveLength(6);
    expect(servers.filter(({ command, args }) => command === 'execgo' && args[0] === 'mcp')).toHaveLength(3);
    const overHttp = servers.filter(({ url }) => url === 'http://127.0.0.1:8080/mcp');
    expect(overHttp.map(({ headers }) => headers.Authorization)).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^Bearer \$\{.+\}$/)),
    );
    expect(blocks(guide, 'toml')).toHaveLength(2);
  });

  it('names every tool of the kernel', () => {
    for (const name of ['submit_task_graph', 'wait_task', 'get_task', 'list_tasks', 'cancel_task']) {
      expect(guide).toContain(`| \`${name}\` |`);
    }
  });
});

describe('the README', () => {
  it('has the example that runs here', async () => {
    expect(blocks(readme, 'ts')).toEqual([read('./readme-example.ts')]);
    const { answer, close, overStdio } = await import('./readme-example.js');
    const request = () => new Request('http://localhost/mcp', { headers: { host: 'localhost' } });
    expect((await answer(request(), '10.0.0.7')).status).toBe(403);
    expect((await answer(request(), '127.0.0.1')).status).toBe(400);
    const stdin = new PassThrough();
    stdin.end();
    await overStdio(stdin, new PassThrough());
    await close();
  });

  it('has every limit with its default', () => {
    for (const name of Object.keys(DEFAULT_MCP_LIMITS)) expect(readme).toContain(`\`${name}\``);
  });
});
