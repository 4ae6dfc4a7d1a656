import { EventSequence } from '@execgo/testkit';
import { createSqliteStore } from '../src/index.js';

/**
 * Appends until the operating system lets no file grow any more (it was started so), then says on stdout, as JSON, what came
 * of that.
 *
 * argv: database
 */
const [file = ''] = process.argv.slice(2);
const store = createSqliteStore({ file });
await store.open();
const make = new EventSequence();
await store.append([make.submitted('first')]);
// In several parts, of which the first ones find room.
const large = Array.from({ length: 20_000 }, (_, at) => make.submitted(`large-${at}`));
const code = (error: unknown) => (error as { code?: unknown }).code;
const outcomes = await Promise.allSettled([store.append(large), store.append([make.submitted('queued')])]);
const later = await store.append([make.submitted('later')]).catch(code);
const found = await store.getMany(['first', 'large-0', 'queued']);
await store.close();
process.stdout.write(
  JSON.stringify({
    large: outcomes.map((outcome) => (outcome.status === 'rejected' ? code(outcome.reason) : 'taken')),
    later,
    found: found.map((task) => task?.id ?? null),
  }),
);
