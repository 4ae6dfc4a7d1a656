import { setTimeout as delay } from 'node:timers/promises';
import type { ExecGoError } from '@execgo/core';
import type { ConfinedCommand, ProcessExit } from '@execgo/process';
import { launchFailure, ProcessTree } from '@execgo/process';
import {
  deserializeMessage,
  type JSONRPCMessage,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/client';
import { ConnectionLost, TOO_LONG_CODE } from './connection-lost.js';
import { LineFramer, type OversizedLine } from './line-framer.js';
import type { ServerTransport } from './server-transport.js';
import { TextTail } from './text-tail.js';

/** How long a server has to end by itself after its stdin was closed, before it is sent SIGTERM. */
const STDIN_GRACE_MS = 1_000;
/** How long what a server wrote just before its end is waited for. */
const LAST_OUTPUT_MS = 100;
/** Bytes of stderr that are kept for the message of a failed start. */
const STDERR_TAIL_BYTES = 4 * 1024;
/** Messages that a server does not read are not piled up beyond this. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024;

export interface StdioTransportOptions {
  /** The command, confined and with its environment. */
  readonly command: () => Promise<ConfinedCommand>;
  /** Longest message that is taken from the server. */
  readonly maxMessageBytes: number;
  /** The time that SIGTERM is given before SIGKILL. @default the one of @execgo/process */
  readonly killAfterMs?: number;
  /** Something worth knowing that breaks nothing. */
  readonly onNote: (message: string) => void;
}

/**
 * JSON-RPC by lines over the stdin and stdout of a child process with its own group: at `close` it and all that it started
 * are gone. Written over ProcessTree, since the SDK's transport leaves grandchildren behind.
 */
export class StdioTransport implements ServerTransport {
  onclose?: NonNullable<Transport['onclose']>;
  onerror?: NonNullable<Transport['onerror']>;
  onmessage?: NonNullable<Transport['onmessage']>;
  private tree: ProcessTree | undefined;
  private file = '';
  private exit: ProcessExit | undefined;
  private isClosed = false;
  private closing: Promise<void> | undefined;
  private noiseBytes = 0;
  private readonly words = new TextTail(STDERR_TAIL_BYTES);

  constructor(private readonly options: StdioTransportOptions) {}

  /** With `stderr`, what the SDK knows a transport over pipes by. */
  get pid(): number | undefined {
    return this.tree?.pid;
  }

  get stderr(): null {
    return null;
  }

  get isOver(): boolean {
    return this.isClosed || this.exit !== undefined;
  }

  async start(): Promise<void> {
    if (this.tree !== undefined || this.closing !== undefined) {
      throw new ConnectionLost('the connection was closed', false);
    }
    const command = await this.options.command();
    if (this.closing !== undefined) throw new ConnectionLost('the connection was closed', false);
    const tree = await ProcessTree.start(command, { stdin: true });
    this.tree = tree;
    this.file = command.file;
    this.listen(tree);
    void tree.exited.then((exit) => this.ended(tree, exit));
    // Closed while it was being started: `end` did not see it.
    if (this.closing !== undefined) await this.end();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.tree?.stdin;
    if (stdin === undefined || this.isOver || this.closing !== undefined || !stdin.writable) {
      throw new ConnectionLost('the server has ended', false);
    }
    if (stdin.writableLength > MAX_UNREAD_BYTES) {
      throw new ConnectionLost('the server does not read what it is sent', false);
    }
    // Not waited for: a full pipe is no reason to let an abort wait, and an error of it means that the server has ended.
    stdin.write(serializeMessage(message));
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  async farewell(): Promise<void> {
    // Over pipes the end of stdin says it.
  }

  startFailure(): ExecGoError | undefined {
    return this.exit?.neverStarted === true ? launchFailure(this.file, this.words.toString()) : undefined;
  }

  lastWords(): string {
    const { exit } = this;
    if (exit?.neverStarted === true) return '';
    const how = exit === undefined ? '' : `it ended with ${exit.signal ?? `exit status ${exit.code}`}`;
    const said = this.words.toString();
    return [how, said === '' ? '' : `its stderr ends: ${said}`].filter((text) => text !== '').join('; ');
  }

  private listen(tree: ProcessTree): void {
    const { maxMessageBytes, onNote } = this.options;
    const framer = new LineFramer(maxMessageBytes, {
      onLine: (line) => this.receive(line),
      onNoise: (bytes) => {
        if (this.noiseBytes === 0) onNote('it writes to stdout what is no message; that is skipped');
        this.noiseBytes += bytes;
      },
      onOversized: (line) => this.refuse(line),
    });
    tree.stdout.on('data', (chunk: Buffer) => framer.push(chunk));
    tree.stderr.on('data', (chunk: Buffer) => this.words.push(chunk));
    for (const stream of [tree.stdin, tree.stdout, tree.stderr]) {
      stream?.on('error', (error: Error) => this.onerror?.(error));
    }
  }

  private receive(line: string): void {
    if (this.isClosed) return;
    let message: JSONRPCMessage;
    try {
      message = deserializeMessage(line);
    } catch {
      this.options.onNote('a line of its stdout begins as a message and is none; it is skipped');
      return;
    }
    // The SDK hands notifications on a microtask later than answers: a last progress note must not come after its answer.
    if ('method' in message) this.onmessage?.(message);
    else queueMicrotask(() => this.onmessage?.(message));
  }

  /** The answer is lost, so the request must not wait for it; where nobody knows whose it was, all of them must not. */
  private refuse({ bytes, id }: OversizedLine): void {
    const message = `a message of ${bytes} bytes is longer than maxMessageBytes (${this.options.maxMessageBytes})`;
    if (id !== undefined) {
      this.onmessage?.({ jsonrpc: '2.0', id, error: { code: TOO_LONG_CODE, message } });
      return;
    }
    this.options.onNote(`${message}; the connection is closed`);
    this.finish();
    void this.close();
  }

  /** Its first process has ended: calls fail now, what it left behind is killed. */
  private async ended(tree: ProcessTree, exit: ProcessExit): Promise<void> {
    this.exit = exit;
    const left = new AbortController();
    await Promise.race([tree.closed, delay(LAST_OUTPUT_MS, undefined, { signal: left.signal }).catch(() => undefined)]);
    left.abort();
    this.finish();
    await this.close();
  }

  private async end(): Promise<void> {
    const { tree } = this;
    if (tree === undefined) {
      this.finish();
      return;
    }
    const { killAfterMs, onNote } = this.options;
    tree.stdin?.end();
    if (this.exit === undefined) {
      const grace = new AbortController();
      const over = delay(STDIN_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined);
      await Promise.race([tree.exited, over]);
      grace.abort();
    }
    const survivors = await (this.exit === undefined ? tree.end(killAfterMs) : tree.endRest());
    if (survivors.length > 0) onNote(`processes of it cannot be ended: pid ${survivors.join(', ')}`);
    for (const stream of [tree.stdin, tree.stdout, tree.stderr]) stream?.destroy();
    this.finish();
  }

  private finish(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onclose?.();
  }
}
