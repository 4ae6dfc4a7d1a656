import { describe, expect, it } from 'vitest';
import { findViolations, type Manifest, type PackageFacts } from './support/architecture.js';
import { importsOf, readPackages } from './support/read-packages.js';

const packages = readPackages('.');

it('this repository breaks no rule', () => {
  expect(packages.length).toBeGreaterThan(5);
  expect(packages.flatMap(({ files }) => files).length).toBeGreaterThan(10);
  expect(findViolations(packages)).toEqual([]);
});

/** This repository with one package changed or added, and the violations that this brings. */
function violationsWith(name: string, manifest: Partial<Manifest>, sources: Readonly<Record<string, string>> = {}) {
  const old = packages.find((facts) => facts.name === name);
  const changed: PackageFacts = {
    name,
    manifest: { ...(old?.manifest ?? { name }), ...manifest },
    files: Object.entries(sources).map(([path, text]) => ({ path, imports: importsOf(text) })),
  };
  return findViolations([...packages.filter((facts) => facts.name !== name), changed]);
}

describe('the checker flags', () => {
  it.each([
    ['@execgo/core', '@execgo/scheduler', 'core must not depend on @execgo/scheduler'],
    ['@execgo/core', 'lodash', 'core must not depend on lodash'],
    ['@execgo/scheduler', '@execgo/store-jsonfile', 'scheduler must not depend on @execgo/store-jsonfile'],
    ['@execgo/server-http', '@execgo/scheduler', 'server must not depend on @execgo/scheduler'],
    ['@execgo/server-http', '@execgo/server-grpc', 'server must not depend on @execgo/server-grpc'],
    ['@execgo/executor-os', '@execgo/executor-mcp', 'executor must not depend on @execgo/executor-mcp'],
    ['@execgo/store-jsonfile', '@execgo/process', 'store must not depend on @execgo/process'],
    ['@execgo/process', '@execgo/executor-os', 'process must not depend on @execgo/executor-os'],
    ['@execgo/store-jsonfile', 'execgo', 'store must not depend on execgo'],
    ['execgo', '@execgo/testkit', 'app must not depend on @execgo/testkit'],
  ])('%s with the dependency %s', (name, dependency, message) => {
    const found = violationsWith(name, { dependencies: { [dependency]: 'workspace:^' } });
    expect(found).toContain(`${name}: package.json: ${message}`);
  });

  it('an arrow hidden among peer, optional and development dependencies', () => {
    const bad = { '@execgo/scheduler': 'workspace:^' };
    for (const field of ['peerDependencies', 'optionalDependencies', 'devDependencies']) {
      expect(violationsWith('@execgo/store-jsonfile', { [field]: bad })).toHaveLength(1);
    }
  });

  it.each([
    ["import { createScheduler } from '@execgo/scheduler';", 'points up or sideways'],
    ["import type { Scheduler } from '@execgo/scheduler';", 'points up or sideways'],
    ["export * from '@execgo/executor-os';", 'points up or sideways'],
    ["const late = await import('@execgo/scheduler');", 'points up or sideways'],
    ["import { FakeClock } from '@execgo/testkit';", 'points up or sideways'],
    ["import { parse } from '@execgo/core/src/graph.js';", 'reaches past the public exports'],
    ["import { parse } from '@execgo/core/dist/index.js';", 'reaches past the public exports'],
    ["import { parse } from '../../core/src/index.js';", 'leaves its package'],
    ["import { Hono } from 'hono';", 'not among its dependencies'],
  ])('in the sources of a store: %s', (source, reason) => {
    const found = violationsWith('@execgo/store-jsonfile', {}, { 'src/index.ts': source });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(reason);
  });

  it('Node built-ins in core and scheduler, and there alone', () => {
    const sources = { 'src/index.ts': "import { readFile } from 'node:fs/promises';" };
    expect(violationsWith('@execgo/core', {}, sources)).toHaveLength(1);
    expect(violationsWith('@execgo/scheduler', {}, sources)).toHaveLength(1);
    expect(violationsWith('@execgo/store-jsonfile', {}, sources)).toEqual([]);
  });

  it('tests that reach into another package', () => {
    const deep = { 'test/a.test.ts': "import { x } from '@execgo/core/src/graph.js';" };
    const sideways = { 'test/a.test.ts': "import { x } from '@execgo/scheduler';" };
    expect(violationsWith('@execgo/store-jsonfile', {}, deep)).toHaveLength(1);
    expect(violationsWith('@execgo/store-jsonfile', {}, sideways)).toHaveLength(1);
  });

  it('a package that no layer knows', () => {
    expect(violationsWith('@execgo/planner', {})).toEqual([expect.stringContaining('no layer has such a name')]);
  });
});

describe('the checker lets pass', () => {
  it('arrows that point down', () => {
    const dependencies = { '@execgo/core': 'workspace:^', '@execgo/process': 'workspace:^' };
    const sources = { 'src/index.ts': "import '@execgo/process';\nimport '@execgo/core';\nimport './a.js';" };
    expect(violationsWith('@execgo/executor-new', { dependencies }, sources)).toEqual([]);
  });

  it('testkit in tests, and names in comments and strings', () => {
    const sources = {
      'test/a.test.ts': "import { FakeClock } from '@execgo/testkit';\nimport { x } from '../src/index.js';",
      'src/index.ts': "// import '@execgo/scheduler';\nexport const text = 'import \"@execgo/scheduler\"';",
    };
    expect(violationsWith('@execgo/store-jsonfile', {}, sources)).toEqual([]);
  });
});
