// The server with this executor: installed as a package, named with --executor, and used over HTTP.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const execgo = join(dirname(createRequire(import.meta.url).resolve('execgo/package.json')), 'bin/execgo.js');

// What `npm install` would do in the folder of a project.
const project = mkdtempSync(join(tmpdir(), 'execgo-custom-'));
mkdirSync(join(project, 'node_modules'));
symlinkSync(import.meta.dirname, join(project, 'node_modules', 'execgo-executor-factor'));

const server = spawn(
  process.execPath,
  [execgo, 'serve', '--addr', '127.0.0.1:0', '--executor', 'execgo-executor-factor'],
  { cwd: project, stdio: ['ignore', 'inherit', 'pipe'] },
);
const exited = once(server, 'exit');
try {
  const url = await addressOf(server);
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      tasks: [
        { id: 'date', type: 'factor', tool_name: 'integer', input: { n: '20261125' } },
        {
          id: 'largest',
          type: 'factor',
          tool_name: 'integer',
          input: { n: { $from: 'date', pointer: '/n' } },
          depends_on: ['date'],
        },
      ],
    }),
  });
  assert.equal(answer.status, 202);
  const task = await (await fetch(`${url}/tasks/largest?wait=10000`)).json();
  assert.equal(task.status, 'success');
  assert.equal(
    task.result.factors.map(BigInt).reduce((left, right) => left * right),
    20261125n,
  );
  console.log(`20261125 = ${task.result.factors.join(' × ')}`);
} finally {
  server.kill('SIGTERM');
  const [status] = await exited;
  rmSync(project, { recursive: true, force: true });
  assert.equal(status, 0);
}

/** The log has one JSON object a line; the one of the start names the address. */
async function addressOf(child) {
  for await (const line of createInterface(child.stderr)) {
    const { url, msg } = JSON.parse(line);
    if (url !== undefined) {
      child.stderr.resume();
      return url;
    }
    console.error(msg);
  }
  throw new assert.AssertionError({ message: 'the server ended before it was ready' });
}
