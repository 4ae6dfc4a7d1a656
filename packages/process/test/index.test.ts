import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "ALLOWED_COMMANDS",
      "COMMAND_FOLDERS",
      "DEFAULT_GRACE_MS",
      "DEFAULT_KEEP_BYTES",
      "DEFAULT_KILL_AFTER_MS",
      "DEFAULT_MAX_LIST_ENTRIES",
      "DEFAULT_MAX_READ_BYTES",
      "DEFAULT_OUTPUT_MAX_BYTES",
      "DEFAULT_SCRATCH_BYTES",
      "OutputCapture",
      "ProcessTree",
      "RUN_VARIABLE",
      "SANDBOX_MODES",
      "SHELL_POLICIES",
      "Workspace",
      "checkCommandVariables",
      "checkLimits",
      "checkNetwork",
      "checkVariable",
      "childEnvironment",
      "endLeftovers",
      "launchFailure",
      "limitTool",
      "noConfinement",
      "openSandbox",
      "programFor",
      "resolveCommand",
      "runFailure",
      "runForTask",
      "runMarker",
      "runProcess",
      "withLimits",
    ]
  `);
});
