import { expect, it } from 'vitest';
import * as testkit from '../src/index.js';

it('the package exports these values and no others', () => {
  expect(Object.keys(testkit).sort()).toMatchInlineSnapshot(`
    [
      "EventSequence",
      "FakeClock",
      "FakeExecutor",
      "FakeRun",
      "INVALID_IDS",
      "MemoryStore",
      "ODD_IDS",
      "accepts",
      "actOut",
      "anyText",
      "chainShape",
      "cutAnywhere",
      "deferred",
      "describeExecutor",
      "describeStore",
      "expectedEnds",
      "fails",
      "failure",
      "fanOutJoinShape",
      "foldEvents",
      "graphInput",
      "graphScenario",
      "hangs",
      "ignoresAbort",
      "jsonObject",
      "jsonValue",
      "layeredShape",
      "legalEvents",
      "reports",
      "scenarioInput",
      "seededRandom",
      "shapeOf",
      "sparseShape",
      "spec",
      "succeeds",
      "takes",
      "taskInput",
      "throwsRaw",
      "waitsForRelease",
    ]
  `);
});
