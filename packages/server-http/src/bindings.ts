/** Key in the Hono environment of a signal that aborts when the listener stops: streams and long polls end then. */
export const CLOSING = Symbol.for('execgo.closing');

/** The listener's signal, where the app runs under one of ours (also mounted in another app). */
export function closingSignal(env: unknown): AbortSignal | undefined {
  if (typeof env !== 'object' || env === null) return undefined;
  return (env as { [CLOSING]?: AbortSignal })[CLOSING];
}
