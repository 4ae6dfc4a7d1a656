import { isExecGoError } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { Reservations } from '../src/reservations.js';

function refused(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    return isExecGoError(error, 'conflict');
  }
}

describe('Reservations', () => {
  it('nobody replaces, deletes or depends on what is being deleted', () => {
    const reservations = new Reservations();
    const release = reservations.holdForDeletion('a');
    expect(refused(() => reservations.refuse('a'))).toBe(true);
    expect(refused(() => reservations.holdForDeletion('a'))).toBe(true);
    expect(refused(() => reservations.holdAsDependencies(new Set(['b', 'a'])))).toBe(true);
    expect(refused(() => reservations.refuse('b'))).toBe(false);
    release();
    expect(refused(() => reservations.refuse('a'))).toBe(false);
  });

  it('nobody replaces or deletes what a submission is about to depend on, until the last one has let go', () => {
    const reservations = new Reservations();
    const first = reservations.holdAsDependencies(new Set(['a', 'b']));
    const second = reservations.holdAsDependencies(new Set(['a']));
    first();
    expect(refused(() => reservations.refuse('a'))).toBe(true);
    expect(refused(() => reservations.holdForDeletion('a'))).toBe(true);
    expect(refused(() => reservations.refuse('b'))).toBe(false);
    second();
    expect(refused(() => reservations.holdForDeletion('a'))).toBe(false);
  });
});
