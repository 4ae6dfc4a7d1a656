import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "ALLOWED_COMMANDS",
      "EGRESS_PROFILES",
      "SHELL_POLICIES",
      "classifyAddress",
      "createOsExecutor",
      "resolveOsOptions",
      "systemResolver",
    ]
  `);
});
