import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_GRACE_MS",
      "DEFAULT_KEEP_BYTES",
      "DEFAULT_KILL_AFTER_MS",
      "DEFAULT_MAX_LIST_ENTRIES",
      "DEFAULT_MAX_READ_BYTES",
      "DEFAULT_OUTPUT_MAX_BYTES",
      "OutputCapture",
      "ProcessTree",
      "RUN_VARIABLE",
      "Workspace",
      "checkLimits",
      "checkVariable",
      "childEnvironment",
      "endLeftovers",
      "limitTool",
      "noConfinement",
      "runFailure",
      "runMarker",
      "runProcess",
      "strictestLimits",
      "withLimits",
    ]
  `);
});
