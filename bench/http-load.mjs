import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const CONNECTIONS = 32;
const WARM_UP_REQUESTS = 8000;
const REQUESTS = 20_000;
const TASKS_PER_GRAPH = 9;
const ID_WIDTH = 8;

/** Graphs a second over HTTP: from the first request to the end of the last task. */
export async function httpRate(kind) {
  const server = fork(fileURLToPath(new URL('http-server.mjs', import.meta.url)), [kind]);
  try {
    const [{ port }] = await once(server, 'message');
    const client = new Client(port);
    await client.send(WARM_UP_REQUESTS);
    if (kind !== 'bare') await tasksDone(port, WARM_UP_REQUESTS);
    server.send('begin');
    const from = performance.now();
    await client.send(REQUESTS);
    if (kind !== 'bare') await tasksDone(port, WARM_UP_REQUESTS + REQUESTS);
    const value = REQUESTS / ((performance.now() - from) / 1000);
    server.send('delay');
    const [{ loopDelayP99Ms }] = await once(server, 'message');
    client.close();
    return { value, ...(kind !== 'bare' && { loopDelayP99Ms }) };
  } finally {
    server.kill('SIGKILL');
  }
}

async function tasksDone(port, graphs) {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const { tasks_succeeded, tasks_failed } = await answer.json();
    if (tasks_failed > 0) throw new TypeError(`${tasks_failed} tasks failed`);
    if (tasks_succeeded >= graphs * TASKS_PER_GRAPH) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/**
 * Keep-alive connections with one request each under way. The request is made once, and only the digits of its task ids
 * change: a client that built requests would measure itself.
 */
class Client {
  #port;
  #sent = 0;
  #sockets = [];
  constructor(port) {
    this.#port = port;
  }

  async send(requests) {
    const until = this.#sent + requests;
    if (this.#sockets.length === 0)
      this.#sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => this.#open()));
    await Promise.all(this.#sockets.map((socket) => this.#loop(socket, until)));
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open() {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return socket;
  }

  #loop(socket, until) {
    const template = requestTemplate(this.#port);
    const next = () => {
      if (this.#sent >= until) return false;
      this.#sent += 1;
      socket.write(template(this.#sent));
      return true;
    };
    return new Promise((resolve, reject) => {
      let received = '';
      socket.removeAllListeners();
      socket.on('error', reject);
      socket.on('close', () => reject(new TypeError('the server closed the connection')));
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
        if (received.length < end + 4 + length) return;
        if (!received.startsWith('HTTP/1.1 202')) reject(new TypeError(`unexpected answer: ${received.slice(0, 400)}`));
        received = '';
        if (!next()) resolve();
      });
      if (!next()) resolve();
    });
  }
}

/** Three layers of three tasks: about one kilobyte. */
function requestTemplate(port) {
  const id = (at) => `${'#'.repeat(ID_WIDTH)}-${at}`;
  const tasks = Array.from({ length: TASKS_PER_GRAPH }, (_, at) => {
    const layer = Math.floor(at / 3);
    const depends_on = layer === 0 ? undefined : [id(3 * (layer - 1)), id(3 * (layer - 1) + 1)];
    return { id: id(at), type: 'os', tool_name: 'noop', input: {}, ...(depends_on && { depends_on }) };
  });
  const body = JSON.stringify({ tasks });
  const head = `POST /tasks HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const request = Buffer.from(head + body, 'latin1');
  const places = [...(head + body).matchAll(/#+/g)].map(({ index }) => index);
  return (count) => {
    const digits = String(count).padStart(ID_WIDTH, '0');
    const copy = Buffer.from(request);
    for (const place of places) copy.write(digits, place, 'latin1');
    return copy;
  };
}
