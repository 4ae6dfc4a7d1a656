import { type AdapterCalls, adapterCalls } from './adapter-calls.js';
import { type ClientOptions, resolveClientOptions } from './client-options.js';
import { type EventCalls, eventCalls } from './event-calls.js';
import { type GraphCalls, graphCalls } from './graph-calls.js';
import { type OutputCalls, outputCalls } from './output-calls.js';
import { type ServerCalls, serverCalls } from './server-calls.js';
import { type SkillCalls, skillCalls } from './skill-calls.js';
import { type TaskCalls, taskCalls } from './task-calls.js';
import { Transport } from './transport.js';

/**
 * An ExecGo server, as a program sees it. Holds no connection and needs no closing. Every call rejects with an
 * `ExecGoHttpError` where the server refuses, with an `ExecGoUnreachableError` where there is no answer, with an
 * `ExecGoOptionError` for an argument that cannot be used, and with the reason of its signal when that aborts.
 */
export interface ExecGoClient
  extends TaskCalls,
    GraphCalls,
    EventCalls,
    OutputCalls,
    AdapterCalls,
    SkillCalls,
    ServerCalls {
  /** Of the server, without credentials and without a slash at the end. */
  readonly url: string;
}

/** @throws ExecGoOptionError naming the option that cannot be used */
export function createClient(options?: ClientOptions): ExecGoClient {
  const transport = new Transport(resolveClientOptions(options));
  return {
    url: transport.options.url,
    ...taskCalls(transport),
    ...graphCalls(transport),
    ...eventCalls(transport),
    ...outputCalls(transport),
    ...adapterCalls(transport),
    ...skillCalls(transport),
    ...serverCalls(transport),
  };
}
