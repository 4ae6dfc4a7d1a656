export { MemoryStore } from '@execgo/core';
export {
  accepts,
  type Behaviour,
  type FakeAttempt,
  fails,
  hangs,
  ignoresAbort,
  reports,
  succeeds,
  takes,
  throwsRaw,
  waitsForRelease,
} from './behaviour.js';
export { graphInput, spec, taskInput } from './build-task.js';
export { bundleScript } from './bundle-script.js';
export { type Deferred, deferred } from './deferred.js';
export { describeExecutor } from './describe-executor.js';
export {
  describeOutputStore,
  type OutputStoreFixture,
  type OutputStoreSuiteOptions,
} from './describe-output-store.js';
export { describeStore } from './describe-store.js';
export { cutAnywhere, type EventsArbitraryOptions, legalEvents } from './event-arbitrary.js';
export { EventSequence, type EventSequenceOptions, failure, foldEvents } from './event-sequence.js';
export type {
  CaseTask,
  EndlessCase,
  ExecutorFixture,
  ExecutorSuiteOptions,
  FailingCase,
  RefusedCase,
  SucceedingCase,
} from './executor-suite/fixture.js';
export { FakeClock, type FakeClockOptions } from './fake-clock.js';
export { FakeExecutor, type FakeExecutorOptions, type FakeRunRecord } from './fake-executor.js';
export { FakeRun, type FakeRunOptions, freshRun } from './fake-run.js';
export { freePort } from './free-port.js';
export {
  actOut,
  type ExpectedEnd,
  expectedEnds,
  type GraphArbitraryOptions,
  type GraphScenario,
  graphScenario,
  type Outcome,
  type ShapeKind,
  scenarioInput,
  shapeOf,
} from './graph-arbitrary.js';
export { anyText, type JsonArbitraryOptions, jsonObject, jsonValue } from './json-arbitrary.js';
export { type DrainedStore, drainContents, KeptStore, keptAfter } from './kept-store.js';
export { type Living, living, until } from './living.js';
export { manyFinished } from './many-finished.js';
export { INVALID_IDS, ODD_IDS } from './odd-ids.js';
export { type RedisServer, startRedisServer } from './redis-server.js';
export { chainShape, fanOutJoinShape, layeredShape, type Shape, seededRandom, sparseShape } from './shapes.js';
export type {
  StoreCapability,
  StoreFixture,
  StoreSettings,
  StoreSuiteOptions,
} from './store-suite/fixture.js';
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
