import { describe } from 'vitest';
import { appending } from './store-suite/appending.js';
import { eventHistory } from './store-suite/event-history.js';
import { finishedTasks } from './store-suite/finished-tasks.js';
import type { StoreSuiteOptions } from './store-suite/fixture.js';
import { foldProperty } from './store-suite/fold-property.js';
import { lifecycle } from './store-suite/lifecycle.js';
import { listing } from './store-suite/listing.js';
import { oddIds } from './store-suite/odd-ids.js';
import { receipts } from './store-suite/receipts.js';
import { taskStates } from './store-suite/task-states.js';
import { unfinishedTasks } from './store-suite/unfinished-tasks.js';
import { visibility } from './store-suite/visibility.js';

/**
 * The conformance suite of the `TaskStore` port: every statement of its docstrings as tests, for vitest. Each test has a
 * fresh store of its own.
 *
 * @example
 * describeStore('MemoryStore', {
 *   makeFixture: () => {
 *     const store = new MemoryStore();
 *     return { connect: () => store };
 *   },
 *   skip: { exclusive: 'a memory store has no place to share' },
 * });
 */
export function describeStore(name: string, options: StoreSuiteOptions): void {
  describe(`${name} as a TaskStore`, () => {
    describe('lifecycle', () => lifecycle(options));
    describe('task states', () => taskStates(options));
    describe('appending', () => appending(options));
    describe('visibility', () => visibility(options));
    describe('listing', () => listing(options));
    describe('events', () => eventHistory(options));
    describe('unfinished', () => unfinishedTasks(options));
    describe('finished', () => finishedTasks(options));
    describe('receipts', () => receipts(options));
    describe('odd ids and values', () => oddIds(options));
    describe('the fold', () => foldProperty(options));
  });
}
