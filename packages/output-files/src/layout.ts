import { dirname, join } from 'node:path';
import type { OutputKey, OutputStream } from '@execgo/core';

/** Tasks in one folder, and folders in the one above it. */
const PER_FOLDER = 1000;
const TASK_NAME = /^[1-9]\d{0,15}$/;

/**
 * Where the output of a task lies: `<seq / 1,000,000>/<thousands of it>/<seq>/`, so that no folder holds more than a thousand
 * tasks, nor more than a thousand folders before the store has seen a thousand million events.
 */
export function taskFolder(directory: string, submittedSeq: number): string {
  const thousands = Math.floor(submittedSeq / PER_FOLDER);
  const middle = String(thousands % PER_FOLDER).padStart(3, '0');
  return join(directory, String(Math.floor(thousands / PER_FOLDER)), middle, String(submittedSeq));
}

/** The two folders above that of a task, the nearer one first. */
export function foldersAbove(folder: string): readonly [string, string] {
  return [dirname(folder), dirname(dirname(folder))];
}

export function streamFile(directory: string, { submittedSeq, attempt }: OutputKey, stream: OutputStream): string {
  return join(taskFolder(directory, submittedSeq), `${attempt}.${stream}`);
}

/** It is there once the output is complete, and tells how much came. */
export function endFile(directory: string, { submittedSeq, attempt }: OutputKey): string {
  return join(taskFolder(directory, submittedSeq), `${attempt}.end`);
}

/** The task whose folder has this name; undefined for what is none of ours. */
export function taskOfFolder(name: string): number | undefined {
  const seq = TASK_NAME.test(name) ? Number(name) : Number.NaN;
  return Number.isSafeInteger(seq) ? seq : undefined;
}
