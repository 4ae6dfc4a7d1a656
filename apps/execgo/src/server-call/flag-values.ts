import { InvalidArgumentError } from 'commander';
import { duration, wholeNumber } from '../settings/kinds.js';

const ANY_DURATION = duration(0);
const COUNT = wholeNumber(1, 1_000_000_000);
const SEQ = wholeNumber(0);

/** Milliseconds, of `2m`, `500ms`, `1h30m` as Go writes them, or `0`. */
export function durationFlag(text: string): number {
  return text === '0' ? 0 : checked(ANY_DURATION.fromText(text, ''), ANY_DURATION.expected);
}

export function countFlag(text: string): number {
  return checked(COUNT.fromText(text, ''), COUNT.expected);
}

export function seqFlag(text: string): number {
  return checked(SEQ.fromText(text, ''), SEQ.expected);
}

function checked(value: number | undefined, expected: string): number {
  if (value === undefined) throw new InvalidArgumentError(`Expected ${expected}.`);
  return value;
}
