import { type MessagePort, parentPort, type TransferListItem } from 'node:worker_threads';
import { ExecGoError } from '@execgo/core';
import { discardStale } from './draft-file.js';
import { Filler, type FillerOptions } from './filler.js';
import { inspect } from './inspect.js';
import { checkLog } from './log-damage.js';
import { movable, type Page } from './page.js';
import { Reader, type ReaderOptions } from './reader.js';
import { databaseError } from './store-errors.js';
import { type Call, type Reply, sendError } from './thread-messages.js';
import { Writer, type WriterOptions } from './writer.js';

/** What a thread can be; made by its first call. */
type Role = Writer | Reader | Filler;
type Method = (argument: unknown) => unknown;

const port = parentPort as MessagePort;
let role: Role | undefined;
let file = 'the database';

/** The entry of every thread of a store: it does what it is called for, one call after the other. */
port.on('message', ({ id, method, argument }: Call) => {
  try {
    const value = perform(method, argument);
    reply({ id, value }, value);
  } catch (error) {
    reply({ id, error: sendError(databaseError(file, error)) }, undefined);
  }
});

function warn(warning: string): void {
  port.postMessage({ warning } satisfies Reply);
}

function perform(method: string, argument: unknown): unknown {
  switch (method) {
    case 'openWriter': {
      const { port: appends, ...options } = argument as WriterOptions & { port: MessagePort };
      file = options.file;
      const writer = new Writer(options, appends, warn);
      role = writer;
      return writer.opened;
    }
    case 'openReader': {
      const options = argument as ReaderOptions;
      file = options.file;
      role = new Reader(options);
      return undefined;
    }
    case 'openFiller': {
      const options = argument as FillerOptions;
      file = options.file;
      discardStale(file, options);
      role = new Filler(options);
      return role.progress();
    }
    case 'checkLog': {
      file = argument as string;
      checkLog(file, 'always', warn);
      return undefined;
    }
    case 'inspect':
      return inspect(argument as string);
    case 'close': {
      const closing = role;
      role = undefined;
      closing?.close();
      return undefined;
    }
    default: {
      const call = (role as unknown as Record<string, Method> | undefined)?.[method];
      if (call === undefined) throw new ExecGoError('internal', `the thread has no ${method}`);
      return call.call(role, argument);
    }
  }
}

function reply(message: Reply, value: unknown): void {
  const moved = typeof value === 'object' && value !== null && 'text' in value ? movable(value as Page) : [];
  port.postMessage(message, moved as TransferListItem[]);
}
