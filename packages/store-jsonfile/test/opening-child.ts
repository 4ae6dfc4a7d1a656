import { createJsonFileStore } from '../src/index.js';

/** Opens a store and says on stdout, as JSON, how long that took and what memory it takes. argv: directory */
const [directory = ''] = process.argv.slice(2);
const store = createJsonFileStore({ directory });
const startedAt = performance.now();
const { lastSeq } = await store.open();
const openMs = Math.round(performance.now() - startedAt);
const { total } = await store.finished({ limit: 1 });
const { rss, heapUsed } = process.memoryUsage();
const closingAt = performance.now();
await store.close();
const closeMs = Math.round(performance.now() - closingAt);
process.stdout.write(JSON.stringify({ lastSeq, total, openMs, closeMs, rss, heapUsed }));
