// The server in this process, with an MCP server and a folder of skills; one graph through all three categories.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveSettings, startServer } from 'execgo';
import { pino } from 'pino';

process.chdir(import.meta.dirname);
const scratch = mkdtempSync(join(tmpdir(), 'execgo-mixed-'));
const server = await startServer(
  resolveSettings({
    cwd: process.cwd(),
    options: {
      addr: '127.0.0.1:0',
      dataDir: join(scratch, 'data'),
      workspace: join(scratch, 'workspace'),
      mcpConfig: 'mcp.json',
      skillsDir: ['skills'],
    },
  }),
  { logger: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })) },
);
try {
  const submitted = await call('POST', '/tasks', JSON.parse(readFileSync('graph.json', 'utf8')));
  await call('GET', `/graphs/${submitted.graph_id}?wait=60000`);
  for (const id of submitted.task_ids) {
    const { type, tool_name, status, result, error } = await call('GET', `/tasks/${id}`);
    console.log(`${status.padEnd(8)} ${id.padEnd(7)} ${type}/${tool_name}  ${JSON.stringify(result ?? error)}`);
  }
  const { status, result } = await call('GET', '/tasks/show');
  assert.equal(status, 'success');
  assert.match(result.stdout, /"lines":2,"words":12,/);
} finally {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function call(method, path, body) {
  const answer = await fetch(server.url + path, {
    method,
    ...(body !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}
