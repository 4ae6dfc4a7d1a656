import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type DriverSettings, driverSettings } from '../src/drivers/driver-settings.js';
import { loadExecutors } from '../src/drivers/executor-packages.js';
import { createStore } from '../src/drivers/open-store.js';
import { findPackage } from '../src/drivers/package-entry.js';
import { resolvePolicy } from '../src/policy.js';
import { resolveSettings } from '../src/settings/resolve-settings.js';

const root = mkdtempSync(join(tmpdir(), 'execgo-drivers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const cwd = join(root, 'project', 'below');
mkdirSync(cwd, { recursive: true });
const resolved = resolveSettings({ cwd, options: { token: 'secret', durability: 'none' } });
const settings: DriverSettings = driverSettings(resolved.settings, resolvePolicy(resolved.settings, true));

const storeOf = (name: string) => createStore(name, settings, { cwd, onWarning: () => {} });

/** Installs a package with this manifest beside the project; its only module is `lib/entry.js`. */
function install(name: string, source: string, manifest: object = { exports: './lib/entry.js' }): string {
  const folder = join(root, 'project', 'node_modules', name);
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, type: 'module', ...manifest }));
  writeFileSync(join(folder, 'lib', 'entry.js'), source);
  return folder;
}

const STORE = 'open append getMany list events unfinished finished receipt close'
  .split(' ')
  .map((name) => `${name}() {}`);
const EXECUTOR = "{ category: 'x', tools() {}, execute() {} }";

describe('--store', () => {
  it('takes a package by its name and gives it the settings, without a token', async () => {
    const folder = install('@acme/store', `export const createStore = (settings) => ({ settings, ${STORE} });`);
    const driver = await storeOf('@acme/store');
    expect(driver.folder).toBe(folder);
    expect(driver.store).toMatchObject({ settings: { ...settings, onWarning: expect.any(Function) } });
    expect(settings).toMatchObject({
      dataDir: join(cwd, 'data'),
      sqlitePath: join(cwd, 'data', 'execgo.db'),
      workspace: join(cwd, 'workspace'),
      durability: 'none',
    });
    expect(JSON.stringify(settings)).not.toContain('secret');
  });

  it('waits for a maker that takes its time', async () => {
    install('slow-store', `export const createStore = async () => ({ ${STORE} });`);
    expect(typeof (await storeOf('slow-store')).store.open).toBe('function');
  });

  it('says what to install where a package is missing', async () => {
    const missing = storeOf('@acme/nowhere');
    await expect(missing).rejects.toThrow('the package @acme/nowhere is not installed; run: npm install @acme/nowhere');
  });

  it('takes sqlite for the name of our package', async () => {
    install('@execgo/store-sqlite', `export const createStore = () => ({ ${STORE} });`);
    expect((await storeOf('sqlite')).folder).toContain('store-sqlite');
  });

  it.each([
    ['export const somethingElse = 1;', 'does not export a function createStore, so it is no driver for --store'],
    ['export const createStore = 1;', 'does not export a function createStore'],
    ['export const createStore = () => ({ open() {}, close() {} });', 'gave something without append, getMany, list'],
    ['export const createStore = () => undefined;', 'gave something without open, append'],
    ["throw new Error('it is broken');", 'cannot be loaded: it is broken'],
    ["import 'not-there-either';", 'cannot be loaded: '],
  ])('refuses a package with %s', async (source, message) => {
    const name = `bad-${message.replace(/\W+/g, '-').slice(0, 60)}`.toLowerCase();
    install(name, source);
    await expect(storeOf(name)).rejects.toThrow(message);
  });

  it.each(['./store.js', '../store', '/abs/store', 'a/b', '@a', 'store js', 'store\0', '..', '.'])(
    'refuses %j, which is no name of a package',
    async (name) => {
      await expect(storeOf(name)).rejects.toThrow('expected the name of a package');
    },
  );
});

describe('--executor', () => {
  it('takes one executor or several from each package, in order', async () => {
    install('one', `export const createExecutor = () => (${EXECUTOR});`);
    install('two', `export const createExecutor = async () => [${EXECUTOR}, ${EXECUTOR}];`);
    const { executors, folders } = await loadExecutors(['one', 'two'], settings, cwd);
    expect({ executors: executors.length, folders: folders.length }).toEqual({ executors: 3, folders: 2 });
  });

  it.each(['undefined', '{}', '{ category: 1, tools() {}, execute() {} }', '[null]'])(
    'refuses a createExecutor that gives %s',
    async (value) => {
      const name = `bad-executor-${value.length}`;
      install(name, `export const createExecutor = () => (${value});`);
      await expect(loadExecutors([name], settings, cwd)).rejects.toThrow('without category, tools and execute');
    },
  );
});

describe('the entry of a package', () => {
  it.each([
    ['a string', { exports: './lib/entry.js' }],
    ['a string for "."', { exports: { '.': './lib/entry.js' } }],
    ['an import condition', { exports: { types: './x.d.ts', require: './x.cjs', import: './lib/entry.js' } }],
    ['nested conditions', { exports: { '.': { node: { require: './x.cjs', default: './lib/entry.js' } } } }],
    ['main', { main: 'lib/entry.js' }],
  ])('is found by %s', (_, manifest) => {
    const name = `entry-${JSON.stringify(manifest).length}`;
    const folder = install(name, '', manifest);
    expect(findPackage(name, cwd)).toEqual({ folder, file: join(folder, 'lib/entry.js') });
  });

  it('is nowhere when only require is offered', () => {
    install('only-require', '', { exports: { require: './x.cjs' } });
    expect(findPackage('only-require', cwd)).toBeUndefined();
  });
});
