import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_BUSY_TIMEOUT_MS",
      "DEFAULT_CHECKPOINT_BYTES",
      "DEFAULT_EVENT_RETENTION_BYTES",
      "DEFAULT_INTEGRITY_CHECK_BYTES",
      "SqliteStore",
      "createMaintenance",
      "createSqliteMaintenance",
      "createSqliteStore",
      "createStore",
    ]
  `);
});
