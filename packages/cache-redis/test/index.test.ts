import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_COMMAND_TIMEOUT_MS",
      "DEFAULT_CONNECT_TIMEOUT_MS",
      "DEFAULT_KEY_PREFIX",
      "DEFAULT_MAX_ENTRIES",
      "DEFAULT_MAX_IDS_PER_READ",
      "DEFAULT_MAX_PENDING_FILLS",
      "DEFAULT_MAX_VALUE_BYTES",
      "DEFAULT_PROBE_MAX_MS",
      "DEFAULT_PROBE_MIN_MS",
      "DEFAULT_TTL_SEC",
      "createCachedStore",
    ]
  `);
});
