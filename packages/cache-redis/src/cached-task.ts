import { fromWire, isJsonObject, isTerminal, jsonSize, type Task, toStored, utf8Length } from '@execgo/core';

/**
 * A finished task as Redis holds it, with the name that it has there; undefined for one that is not worth holding. A task that
 * waits or runs changes with every event: its value would be out of date before anybody read it twice.
 */
export function encodeTask(task: Task, name: string, maxBytes: number): string | undefined {
  if (!isTerminal(task.status)) return undefined;
  const stored = toStored(task);
  // Counted first, and only as far as the limit: a large result is not encoded just to be thrown away.
  if (jsonSize(stored, maxBytes) > maxBytes) return undefined;
  const text = JSON.stringify({ name, task: stored });
  return utf8Length(text) > maxBytes ? undefined : text;
}

/** @returns undefined for what is not this task under this name: also for the answer to another question */
export function decodeTask(text: string, name: string, id: string): Task | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value) || value.name !== name) return undefined;
    const task = fromWire(value.task);
    return task.id === id && isTerminal(task.status) ? task : undefined;
  } catch {
    // Whatever wrote it, it is not ours; the caller counts it and asks the store.
    return undefined;
  }
}
