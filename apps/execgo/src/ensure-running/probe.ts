import { setTimeout as sleep } from 'node:timers/promises';
import { CHOOSE_ANOTHER_PORT, isPortBlocked } from '../server-call/blocked-port.js';
import { SettingsError } from '../settings/settings-error.js';

/** One answer, or why there was none. */
export interface Probe {
  readonly isReady: boolean;
  /** Of HTTP; absent where nothing answered. */
  readonly statusCode?: number;
  /** The answer, cut; or why there is none. */
  readonly body: string;
}

/** How long one answer may take, in milliseconds. */
const ANSWER_MS = 3000;
const ASK_EVERY_MS = 100;
const MAX_BODY = 2000;

/** Asks once whether something is ready. @param url of a readiness route, without credentials @throws SettingsError for a port that is blocked */
export async function probe(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Probe> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' });
    const body = (await response.text()).slice(0, MAX_BODY);
    return { isReady: response.status === 200, statusCode: response.status, body };
  } catch (error) {
    if (isPortBlocked(error))
      throw new SettingsError(`${new URL(url).origin}: ${CHOOSE_ANOTHER_PORT}`, { cause: error });
    const { cause, message } = error as Error;
    return { isReady: false, body: cause instanceof Error && cause.message !== '' ? cause.message : message };
  }
}

interface PatienceOptions {
  /** Asked before every try. @default never */
  readonly isHopeless?: () => boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks until it is ready, the time is over, or there is no more hope. */
export async function probeUntilReady(
  url: string,
  timeoutMs: number,
  { isHopeless = () => false, headers }: PatienceOptions = {},
): Promise<Probe> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    // What has just been given up may have lost to another one that is ready.
    const wasHopeless = isHopeless();
    const last = await probe(url, headers);
    if (last.isReady || wasHopeless || performance.now() >= deadline) return last;
    await sleep(ASK_EVERY_MS);
  }
}
