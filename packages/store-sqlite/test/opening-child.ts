import { createSqliteStore } from '../src/index.js';

/**
 * Opens a store and says on stdout, as JSON, how long that took, by the clock and of a core, and how much memory the process has then.
 *
 * argv: database
 */
const [file = ''] = process.argv.slice(2);
const store = createSqliteStore({ file });
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
const { lastSeq } = await store.open();
const openMs = performance.now() - startedAt;
const { user, system } = process.cpuUsage(cpuBefore);
const { total } = await store.finished({ limit: 1 });
const page = await store.list({ status: 'success', limit: 100 });
process.stdout.write(
  JSON.stringify({
    openMs,
    openCpuMs: (user + system) / 1000,
    lastSeq,
    total,
    listed: page.tasks.length,
    rssBytes: process.memoryUsage.rss(),
  }),
);
await store.close();
