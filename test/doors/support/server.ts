import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel } from '@execgo/core';
import { createServerLog, resolveSettings, startServer } from '../../../apps/execgo/src/index.js';
import { cliDoor } from './cli-door.js';
import { clientDoor } from './client-door.js';
import type { Door } from './door.js';
import { grpcDoor } from './grpc-door.js';
import { httpDoor } from './http-door.js';
import { mcpDoor } from './mcp-door.js';

/** Small, so that one task too many makes no large body. */
export const MAX_TASKS = 50;
/** Every task that a case leaves running has a slot. */
const MAX_CONCURRENCY = 64;

export interface OpenDoors {
  readonly kernel: Kernel;
  readonly doors: readonly Door[];
  close(): Promise<void>;
}

/** One server in this process, and a caller at each of its doors. */
export async function openDoors(): Promise<OpenDoors> {
  const cwd = mkdtempSync(join(tmpdir(), 'execgo-doors-'));
  const { logger, flush } = await createServerLog();
  logger.level = 'error';
  const options = {
    addr: '127.0.0.1:0',
    grpcAddr: '127.0.0.1:0',
    store: 'memory',
    shutdownTimeout: 0,
    maxTasks: MAX_TASKS,
    maxConcurrency: MAX_CONCURRENCY,
  };
  const server = await startServer(resolveSettings({ cwd, options }), { logger, cwd });
  const { url, grpcAddress = '', kernel } = server;
  const doors = [httpDoor(url), grpcDoor(grpcAddress), await mcpDoor(url), cliDoor(url, cwd), clientDoor(url)];
  return {
    kernel,
    doors,
    async close() {
      for (const door of doors) await door.close();
      await server.close();
      flush();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}
