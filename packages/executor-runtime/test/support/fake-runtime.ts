import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

interface FakeTask {
  readonly id: string;
  readonly request: Request;
  readonly events: { seq: number; task_id: string; event_type: string; timestamp: string; message?: string }[];
  status: 'accepted' | 'running' | 'success' | 'failed' | 'cancelled';
  updatedAt: string;
  stdout: string;
  stderr: string;
  exitCode?: number;
  exitSignal?: number;
  error?: { code: string; message: string };
  cancelRequested: boolean;
  child?: ChildProcess;
  readonly over: Promise<void>;
}

interface Request {
  readonly task_id?: string;
  readonly execution: {
    readonly kind: string;
    readonly program?: string;
    readonly args?: string[];
    readonly script?: string;
    readonly interpreter?: string[];
    readonly env?: Record<string, string>;
  };
  readonly limits?: { readonly wall_time_ms?: number; readonly stdout_max_bytes?: number };
  readonly control_context?: { readonly tenant?: string; readonly owner?: string };
  readonly metadata?: Record<string, string>;
}

/** What the next requests that match are answered with instead: a status with a body, `hang`, `cut`, or `deaf` (done, then cut). */
interface Fault {
  readonly matches: RegExp;
  readonly answer: { readonly status: number; readonly body?: string } | 'hang' | 'cut' | 'deaf';
  times: number;
}

const GRACE_MS = 60;
const SIGNALS: Readonly<Record<string, number>> = { SIGTERM: 15, SIGKILL: 9 };

/** A small execgo-runtime for tests, over real programs: its tasks, states, events, kills and refusals. */
export class FakeRuntime {
  /** `POST /api/v1/tasks` … as they came. */
  readonly requests: string[] = [];
  readonly tasks = new Map<string, FakeTask>();
  readonly headers: IncomingMessage['headers'][] = [];
  maxQueued = 1000;
  private readonly faults: Fault[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly heard = new Set<() => void>();
  private server: Server | undefined;
  private port = 0;

  static async start(): Promise<FakeRuntime> {
    const runtime = new FakeRuntime();
    await runtime.up();
    return runtime;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Listens, at the port of before. */
  async up(): Promise<void> {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Stops listening and cuts all connections; programs go on. */
  async down(): Promise<void> {
    const closed = once(this.server as Server, 'close');
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async dispose(): Promise<void> {
    for (const { child } of this.tasks.values()) if (child?.pid !== undefined) this.signal(child, 'SIGKILL');
    await Promise.all([...this.tasks.values()].map(({ over, child }) => (child === undefined ? undefined : over)));
    if (this.server?.listening === true) await this.down();
  }

  fault(matches: RegExp, answer: Fault['answer'], times = 1): void {
    this.faults.push({ matches, answer, times });
  }

  count(matches: RegExp): number {
    return this.requests.filter((line) => matches.test(line)).length;
  }

  /** Resolves when so many requests that match have come. */
  async asked(matches: RegExp, times = 1): Promise<void> {
    while (this.count(matches) < times) await new Promise<void>((resolve) => this.heard.add(resolve));
  }

  /** The only task there is. */
  get only(): FakeTask {
    const [task, ...others] = this.tasks.values();
    if (task === undefined || others.length > 0) throw new RangeError(`${this.tasks.size} tasks instead of one`);
    return task;
  }

  get alive(): number {
    return [...this.tasks.values()].filter(({ status }) => status === 'accepted' || status === 'running').length;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const line = `${request.method} ${request.url}`;
    this.requests.push(line);
    this.headers.push(request.headers);
    for (const listener of this.heard) listener();
    this.heard.clear();
    const fault = this.faults.find(({ matches, times }) => times > 0 && matches.test(line));
    if (fault !== undefined) {
      fault.times -= 1;
      if (fault.answer === 'hang') return;
      if (fault.answer === 'deaf') this.route(line, body, request);
      if (typeof fault.answer === 'string') return void request.socket.destroy();
      response.writeHead(fault.answer.status, { 'content-type': 'application/json' });
      return void response.end(fault.answer.body ?? '');
    }
    const { status, value } = this.route(line, body, request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  }

  private route(line: string, body: string, request: IncomingMessage): { status: number; value: unknown } {
    const [, id = '', verb = ''] = /\/api\/v1\/tasks\/([^/]+)(?:\/(\w+))?$/.exec(line) ?? [];
    if (line === 'GET /readyz') return { status: 200, value: { status: 'ready', version: 'fake' } };
    if (line === 'POST /api/v1/tasks') return this.submit(JSON.parse(body) as Request);
    const task = this.tasks.get(id);
    if (task === undefined) return refused(404, 'internal', `task not found: ${id}`);
    if (verb === 'events') return { status: 200, value: task.events };
    if (verb === 'kill') return this.kill(task, request.headers['x-execgo-owner']);
    return { status: 200, value: this.statusOf(task) };
  }

  private submit(request: Request): { status: number; value: unknown } {
    const id = request.task_id ?? `fake-${this.tasks.size}`;
    if (!/^[A-Za-z0-9_.-]+$/.test(id)) return refused(400, 'invalid_input', 'invalid input: task_id');
    if (this.tasks.has(id)) return refused(409, 'internal', `task is already there: ${id}`);
    if (this.alive >= this.maxQueued) return refused(429, 'resource_limit_exceeded', 'queue is full');
    if (request.control_context?.tenant === 'nobody')
      return refused(400, 'insufficient_resources', 'insufficient resources: tenant nobody');
    let isOver = () => {};
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const task: FakeTask = {
      id,
      request,
      events: [],
      status: 'accepted',
      updatedAt: '',
      stdout: '',
      stderr: '',
      cancelRequested: false,
      over,
    };
    this.tasks.set(id, task);
    this.note(task, 'accepted');
    this.begin(task, isOver);
    return { status: 200, value: { task_id: id, handle_id: id, status: 'accepted' } };
  }

  private begin(task: FakeTask, isOver: () => void): void {
    const { execution, limits } = task.request;
    const [program = '', ...args] =
      execution.kind === 'command'
        ? [execution.program ?? '', ...(execution.args ?? [])]
        : [...(execution.interpreter ?? ['/bin/sh', '-c']), execution.script ?? ''];
    const child = spawn(program, args, { detached: true, env: { PATH: process.env.PATH, ...execution.env } });
    task.child = child;
    task.status = 'running';
    this.note(task, 'started', `pid ${child.pid}`);
    child.stdout.on('data', (chunk: Buffer) => this.grow(task, 'stdout', chunk));
    child.stderr.on('data', (chunk: Buffer) => this.grow(task, 'stderr', chunk));
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.signal(child, 'SIGKILL');
    }, limits?.wall_time_ms ?? 300_000);
    const end = (status: FakeTask['status'], error?: FakeTask['error']) => {
      clearTimeout(timer);
      task.status = status;
      if (error !== undefined) task.error = error;
      this.note(task, status === 'success' ? 'finished' : status);
      isOver();
    };
    child.on('error', (error) => end('failed', { code: 'launch_failed', message: `launch failed: ${error.message}` }));
    child.on('close', (code, signal) => {
      if (task.status !== 'running') return;
      if (code !== null) task.exitCode = code;
      if (signal !== null) task.exitSignal = SIGNALS[signal] ?? 0;
      if (task.cancelRequested) return end('cancelled', { code: 'cancelled', message: 'task cancelled' });
      if (timedOut) return end('failed', { code: 'timeout', message: 'wall time exceeded' });
      if (code === 0) return end('success');
      end('failed', { code: 'exit_non_zero', message: `process exited with ${code ?? signal}` });
    });
  }

  private grow(task: FakeTask, stream: 'stdout' | 'stderr', chunk: Buffer): void {
    task[stream] += chunk.toString('utf8');
    task.updatedAt = new Date().toISOString();
  }

  private kill(task: FakeTask, caller: unknown): { status: number; value: unknown } {
    const owner = task.request.control_context?.owner;
    if (owner !== undefined && owner !== caller) {
      return refused(403, 'permission_denied', `permission denied: kill requires owner '${owner}'`);
    }
    if (task.status === 'running' && task.child !== undefined) {
      const { child } = task;
      task.cancelRequested = true;
      this.note(task, 'kill_requested');
      this.signal(child, 'SIGTERM');
      const timer = setTimeout(() => this.signal(child, 'SIGKILL'), GRACE_MS);
      void task.over.then(() => clearTimeout(timer));
    }
    return { status: 200, value: this.statusOf(task) };
  }

  private signal(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended.
    }
  }

  private statusOf(task: FakeTask): unknown {
    const max = task.request.limits?.stdout_max_bytes ?? Number.POSITIVE_INFINITY;
    return {
      task_id: task.id,
      handle_id: task.id,
      status: task.status,
      created_at: task.updatedAt,
      updated_at: task.updatedAt,
      stdout: task.stdout.slice(0, max),
      stderr: task.stderr,
      stdout_truncated: task.stdout.length > max,
      stderr_truncated: false,
      ...(task.exitCode !== undefined && { exit_code: task.exitCode }),
      ...(task.exitSignal !== undefined && { exit_signal: task.exitSignal }),
      ...(task.error !== undefined && { error: task.error }),
      usage: { duration_ms: 1 },
      artifacts: { task_dir: `/runtime/${task.id}` },
    };
  }

  private note(task: FakeTask, type: string, message?: string): void {
    task.updatedAt = new Date().toISOString();
    task.events.push({
      seq: task.events.length + 1,
      task_id: task.id,
      event_type: type,
      timestamp: task.updatedAt,
      ...(message !== undefined && { message }),
    });
  }
}

function refused(status: number, code: string, message: string): { status: number; value: unknown } {
  return { status, value: { error: { code, message, details: null } } };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
