import { EventEncoder, type KeptReceipt, type Task, type TaskEvent, toStored } from '@execgo/core';

const encoder = new EventEncoder();

/** A task as text: equal tasks have equal texts, whichever store they come from. */
export function taskText(task: Task): string {
  return JSON.stringify(toStored(task));
}

export function eventText(event: TaskEvent): string {
  return encoder.encode(event);
}

export function receiptText({ key, receipt }: KeptReceipt): string {
  const { graph_id, task_ids, digest, warnings, created_at } = receipt;
  return JSON.stringify({ key, receipt: { graph_id, task_ids, digest, warnings, created_at } });
}
