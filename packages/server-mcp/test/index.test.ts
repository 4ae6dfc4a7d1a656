import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_MCP_LIMITS",
      "createMcpHandler",
      "serveMcpStdio",
    ]
  `);
});
