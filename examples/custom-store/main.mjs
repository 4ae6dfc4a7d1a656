// The server with this store: installed as a package, named with --store, killed without warning, and started again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const execgo = join(dirname(createRequire(import.meta.url).resolve('execgo/package.json')), 'bin/execgo.js');

// What `npm install` would do in the folder of a project.
const project = mkdtempSync(join(tmpdir(), 'execgo-custom-'));
mkdirSync(join(project, 'node_modules'));
symlinkSync(import.meta.dirname, join(project, 'node_modules', 'execgo-store-ndjson'));

let server = start();
try {
  let url = await addressOf(server);
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      tasks: [
        { id: 'write', type: 'file', input: { action: 'write', path: 'note.txt', content: 'kept' } },
        { id: 'read', type: 'file', input: { action: 'read', path: 'note.txt' }, depends_on: ['write'] },
        { id: 'nap', type: 'sleep', input: { duration_ms: 1500 }, depends_on: ['read'] },
      ],
    }),
  });
  assert.equal(answer.status, 202);
  const read = await task(url, 'read');
  assert.equal(read.result.content, 'kept');

  // No goodbye: what was told is in the file, and what was not finished runs again.
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
  server = start();
  url = await addressOf(server);
  assert.deepEqual(await task(url, 'read'), read);
  assert.equal((await task(url, 'nap')).status, 'success');

  const lines = readFileSync(join(project, 'data', 'events.ndjson'), 'utf8')
    .trimEnd()
    .split('\n');
  const events = lines.slice(1).flatMap((line) => JSON.parse(line));
  console.log(`${events.length} events in ${lines.length - 1} appends: ${events.map(({ type }) => type).join(', ')}`);
} finally {
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  const [status] = await exited;
  rmSync(project, { recursive: true, force: true });
  assert.equal(status, 0);
}

function start() {
  const args = [execgo, 'serve', '--addr', '127.0.0.1:0', '--store', 'execgo-store-ndjson'];
  return spawn(process.execPath, args, { cwd: project, stdio: ['ignore', 'inherit', 'pipe'] });
}

/** @returns the task when it is terminal */
async function task(url, id) {
  return (await fetch(`${url}/tasks/${id}?wait=15000`)).json();
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
