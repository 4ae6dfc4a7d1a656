import { realpathSync } from 'node:fs';
import { ExecGoError, errorMessage } from '@execgo/core';
import {
  type ConfinedCommand,
  type Confinement,
  childEnvironment,
  noConfinement,
  RUN_VARIABLE,
  runMarker,
} from '@execgo/process';
import type { ServerAddress } from '../config/resolve-server.js';

/**
 * What is spawned for a stdio server: its command with its own environment, marked so that whatever is left of it can be
 * found, and in the sandbox if it asked for that.
 *
 * @param runId begins with the store's id
 * @throws ExecGoError `sandbox_setup_failed` when it asks for a sandbox and there is none: it is not started without
 */
export async function serverCommand(
  address: Extract<ServerAddress, { kind: 'stdio' }>,
  runId: string,
  confinement: Confinement,
): Promise<ConfinedCommand> {
  const { command, args, cwd, sandbox } = address;
  if (sandbox !== undefined && !confinement.isolated) {
    const message = 'it is to run in a sandbox (execgo.sandbox), and this ExecGo has none';
    throw new ExecGoError('sandbox_setup_failed', message);
  }
  const env = childEnvironment({ declared: address.env });
  env[RUN_VARIABLE] = runMarker(runId);
  return (sandbox === undefined ? noConfinement : confinement).confine({
    file: command,
    args,
    env,
    limits: {},
    ...(cwd === undefined ? {} : { cwd }),
    ...(sandbox === undefined
      ? {}
      : { network: sandbox.network, readable: realPaths(sandbox.readable), writable: realPaths(sandbox.writable) }),
  });
}

function realPaths(paths: readonly string[]): readonly string[] {
  return paths.map((path) => {
    try {
      return realpathSync.native(path);
    } catch (cause) {
      const message = `a folder of execgo.sandbox cannot be shown: ${errorMessage(cause)}`;
      throw new ExecGoError('sandbox_setup_failed', message, { cause });
    }
  });
}
