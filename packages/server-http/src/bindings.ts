/** Key in the Hono environment of a signal that aborts when the listener stops: streams and long polls end then. */
export const CLOSING = Symbol.for('execgo.closing');

/**
 * Cuts the connection of an answer under way; false where the host does not show it. The Node host does, and would print an
 * error of the body to stderr by itself.
 */
export function cutConnection(env: unknown): boolean {
  const outgoing = (env as { outgoing?: { destroy?: unknown } } | null | undefined)?.outgoing;
  if (typeof outgoing?.destroy !== 'function') return false;
  outgoing.destroy();
  return true;
}

/** The listener's signal, where the app runs under one of ours (also mounted in another app). */
export function closingSignal(env: unknown): AbortSignal | undefined {
  if (typeof env !== 'object' || env === null) return undefined;
  return (env as { [CLOSING]?: AbortSignal })[CLOSING];
}
