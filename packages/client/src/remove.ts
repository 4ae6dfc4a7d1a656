import { ExecGoHttpError } from './errors.js';
import type { Transport } from './transport.js';

/** Deletes what stands at a path. Where an answer was lost, and it is gone at the next try, it was deleted. */
export async function remove(transport: Transport, path: string, signal: AbortSignal | undefined): Promise<void> {
  let tries = 0;
  try {
    await transport.send({ method: 'DELETE', path, signal, onTry: () => (tries += 1) }, async () => undefined);
  } catch (error) {
    if (tries > 1 && error instanceof ExecGoHttpError && error.code === 'not_found') return;
    throw error;
  }
}
