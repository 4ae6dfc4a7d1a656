import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "NAMELESS",
      "SCOPES",
      "actorOf",
      "authenticate",
      "checkPeer",
      "checkSource",
      "freshTraceId",
      "identify",
      "isLoopbackAddress",
      "isToken",
      "may",
      "parseNamedTokens",
      "requireScope",
      "resolveAccess",
      "traceIdOf",
    ]
  `);
});
