import { ExecGoHttpError } from './errors.js';
import type { SseEvent } from './resumed-stream.js';

/** @throws ExecGoHttpError for what no ExecGo server says */
export function jsonData<T extends object>({ data }: SseEvent): T {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // Told below, together with what is JSON but no object.
  }
  throw new ExecGoHttpError('an event of the stream is no JSON object', { status: 200, body: data });
}
