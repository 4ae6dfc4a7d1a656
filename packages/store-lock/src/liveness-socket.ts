import { closeSync, openSync } from 'node:fs';
import { createServer, connect as openConnection, type Server } from 'node:net';
import { systemCode } from './system-code.js';

/** Longest path of a Unix socket that every system takes, in bytes. */
const MAX_PATH_BYTES = 100;

/**
 * Listens on a Unix socket in a directory, for as long as this process lives: the kernel ends it, however the process ends,
 * and others on this machine can tell by connecting, from any container that sees the directory.
 *
 * @returns how to stop; undefined where the system or its file system has no such sockets
 */
export async function listenAt(directory: string, name: string): Promise<(() => Promise<void>) | undefined> {
  if (process.platform === 'win32') return undefined;
  const server = createServer((connection) => connection.destroy());
  const listens = await withShortPath(directory, name, (path) => listening(server, path));
  if (listens !== true) return undefined;
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** Whether somebody listens there; undefined where that cannot be told. */
export async function isListenedTo(directory: string, name: string): Promise<boolean | undefined> {
  return withShortPath(directory, name, connects);
}

function listening(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(path, () => resolve(true));
  });
}

function connects(path: string): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const connection = openConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', (error) => {
      const code = systemCode(error);
      if (code === 'ECONNREFUSED') resolve(false);
      // A full queue of connections is somebody's.
      else resolve(code === 'EAGAIN' ? true : undefined);
    });
  });
}

/** The path of a socket holds about a hundred bytes; on Linux a long one is reached through an open directory. */
async function withShortPath<T>(
  directory: string,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T | undefined> {
  const path = `${directory}/${name}`;
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return use(path);
  if (process.platform !== 'linux') return undefined;
  const fd = openSync(directory, 'r');
  try {
    return await use(`/proc/self/fd/${fd}/${name}`);
  } finally {
    closeSync(fd);
  }
}
