import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "ACTION_KINDS",
      "ADAPTER_SCHEMA",
      "MAX_AGENT_TOOL_NAME",
      "TASK_GRAPH_SCHEMA",
      "TOOL_FORMATS",
      "adapterCapabilities",
      "agentTools",
      "checkTranslatedGraph",
      "formatTools",
      "isToolPattern",
      "toolFilter",
      "toolManifest",
      "translateAction",
    ]
  `);
});
