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

/** Address of whoever is at the other end of the connection, where the host shows it. */
export function peerAddress(env: unknown): string | undefined {
  const incoming = (env as { incoming?: { socket?: { remoteAddress?: unknown } } } | null | undefined)?.incoming;
  const address = incoming?.socket?.remoteAddress;
  return typeof address === 'string' ? address : undefined;
}

/** The listener's signal, where the app runs under one of ours (also mounted in another app). */
export function closingSignal(env: unknown): AbortSignal | undefined {
  if (typeof env !== 'object' || env === null) return undefined;
  return (env as { [CLOSING]?: AbortSignal })[CLOSING];
}
