import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "MAX_ARGUMENT_BYTES",
      "argument",
      "argumentList",
      "defineTool",
      "describeInput",
      "fieldError",
      "parseInput",
      "parseKnownInput",
      "runEntries",
      "stringMap",
      "text",
      "withTask",
    ]
  `);
});
