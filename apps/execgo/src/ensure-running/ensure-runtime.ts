import type { CliContext } from '../commands/command.js';
import { docker } from './docker.js';
import { type Ensured, factsOf, NOT_OF_HERE } from './ensure-execgo.js';
import { localAddress } from './local-address.js';
import { probe, probeUntilReady } from './probe.js';

export interface RuntimeOptions {
  /** Without credentials and without a slash at the end. */
  readonly url: string;
  /** Sent with each question. */
  readonly headers: Readonly<Record<string, string>>;
  /** Started where nothing answers. */
  readonly image?: string;
  readonly timeoutMs: number;
}

/** On which the runtime listens in its image. */
const PORT_IN_IMAGE = 8080;
const VOLUME = 'execgo-runtime-data:/data';

/** The runtime at this address: the one that is there, else, on this machine, one from an image, if there is one and docker is. */
export async function ensureRuntime(options: RuntimeOptions, cli: CliContext): Promise<Ensured> {
  const { url, headers, image, timeoutMs } = options;
  const found = await probe(`${url}/readyz`, headers);
  if (found.isReady) return { ...factsOf(url, found), started_by: 'already-up' };
  if (found.statusCode === undefined && localAddress(url) === undefined) {
    return { ...factsOf(url, found), attempt_note: NOT_OF_HERE };
  }
  if (image === undefined || found.statusCode !== undefined) {
    const { isOk, note } = await docker(['--version'], cli);
    const attempt = image === undefined && isOk ? 'no image of the runtime is named' : note;
    return { ...factsOf(url, found), ...(found.statusCode === undefined && { attempt_note: attempt }) };
  }
  const { port } = new URL(url);
  const publish = `127.0.0.1:${port || '80'}:${PORT_IN_IMAGE}`;
  const { isOk, note } = await docker(['run', '--detach', '--publish', publish, '--volume', VOLUME, image], cli);
  const last = isOk
    ? await probeUntilReady(`${url}/readyz`, timeoutMs, { headers })
    : await probe(`${url}/readyz`, headers);
  return { ...factsOf(url, last), attempt_note: note, ...(last.isReady && { started_by: 'docker' }) };
}

/** Hints for what a person has to do. @param source a checkout of the runtime, where there is one */
export function runtimeHints({ url }: RuntimeOptions, source: string | undefined): readonly string[] {
  const { port, hostname } = new URL(url);
  if (localAddress(url) === undefined) {
    return [`start the runtime where ${url} leads, or let EXECGO_RUNTIME_URL name one that runs`];
  }
  const folder = source ?? '<checkout of execgo-runtime>';
  return [
    `with docker: docker run --detach --publish 127.0.0.1:${port || '80'}:${PORT_IN_IMAGE} --volume ${VOLUME} <image>, or name the image with --runtime-image (EXECGO_RUNTIME_IMAGE) and run this again`,
    `from source: cd ${folder} && cargo run -- serve --listen-addr ${hostname}:${port || '80'}`,
    `start ExecGo with EXECGO_RUNTIME_URL=${url}, so that it uses this runtime`,
  ];
}
