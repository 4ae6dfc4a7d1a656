import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveSettings } from '../src/settings/resolve-settings.js';
import { flagOf, variableOf } from '../src/settings/setting.js';
import { declarationOf, SETTING_NAMES, type SettingName } from '../src/settings/table.js';

const cwd = mkdtempSync(join(tmpdir(), 'execgo-settings-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

let files = 0;
function configFile(content: unknown): string {
  files += 1;
  const file = join(cwd, `config-${files}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function fromFile(content: unknown) {
  return resolveSettings({ cwd, configFile: true, env: { EXECGO_CONFIG: configFile(content) } });
}

interface Sample {
  readonly text: string;
  readonly json: unknown;
  readonly value: unknown;
  readonly bad: string;
}

/** One good value of every setting, as text and as JSON, and one that must be refused. */
const SAMPLES: Readonly<Record<Exclude<SettingName, 'config' | 'token'>, Sample>> = {
  addr: { text: ':9090', json: ':9090', value: { host: undefined, port: 9090 }, bad: '9090' },
  dataDir: { text: 'd', json: 'd', value: join(cwd, 'd'), bad: '' },
  store: { text: 'memory', json: 'memory', value: 'memory', bad: 'two words' },
  sqlitePath: { text: 'x.db', json: 'x.db', value: join(cwd, 'x.db'), bad: '' },
  durability: { text: 'none', json: 'none', value: 'none', bad: 'some' },
  retention: { text: '1d12h', json: '36h', value: 129_600_000, bad: '30' },
  maxFinished: { text: '100', json: 100, value: 100, bad: '0' },
  eventRetention: { text: '2 GiB', json: '2 GiB', value: 2 * 1024 ** 3, bad: '2 parsecs' },
  redisUrl: { text: 'redis://c', json: 'redis://c', value: 'redis://c', bad: 'redis://c d' },
  redisCacheTtlSec: { text: '60', json: 60, value: 60, bad: '0' },
  outputMax: { text: '0.5 MiB', json: 524_288, value: 524_288, bad: '1 MB' },
  maxConcurrency: { text: '3', json: 3, value: 3, bad: '0' },
  shutdownTimeout: { text: '0.5', json: 0.5, value: 0.5, bad: '-1' },
  defaultTimeout: { text: '700', json: 700, value: 700, bad: '1.5' },
  noResume: { text: 'true', json: true, value: true, bad: 'perhaps' },
  maxTasks: { text: '7', json: 7, value: 7, bad: 'many' },
  maxPending: { text: '8', json: 8, value: 8, bad: '1e3' },
  maxBody: { text: '64KiB', json: 65_536, value: 65_536, bad: '0' },
  workspace: { text: '/w', json: '/w', value: '/w', bad: 'a\0b' },
  shellPolicy: { text: 'open', json: 'open', value: 'open', bad: 'Open sesame' },
  sandbox: { text: 'required', json: 'required', value: 'required', bad: 'on' },
  sandboxNetwork: { text: 'off', json: 'off', value: 'off', bad: 'maybe' },
  sandboxReadable: { text: '/opt/a, b', json: ['/opt/a', 'b'], value: ['/opt/a', join(cwd, 'b')], bad: 'a\0b' },
  egress: { text: 'strict', json: 'strict', value: 'strict', bad: 'lax' },
  egressAllow: { text: 'a:1, b:2', json: ['a:1', 'b:2'], value: ['a:1', 'b:2'], bad: 'a' },
  mcpConfig: { text: 'm.json', json: 'm.json', value: join(cwd, 'm.json'), bad: 'a\0b' },
  mcpTools: {
    text: 'os__*, !os__shell',
    json: ['os__*', '!os__shell'],
    value: ['os__*', '!os__shell'],
    bad: 'os.shell',
  },
  skillsDir: { text: '/s, t', json: ['/s', 't'], value: ['/s', join(cwd, 't')], bad: 'a\0b' },
  trustProject: { text: 'true', json: true, value: true, bad: 'perhaps' },
  executor: { text: '@a/b', json: ['@a/b'], value: ['@a/b'], bad: 'a b' },
  tokenFile: { text: 't', json: 't', value: join(cwd, 't'), bad: 'a\0b' },
  allowUnauthenticated: { text: 'true', json: true, value: true, bad: 'maybe' },
  allowedOrigins: { text: 'https://a.example', json: ['https://a.example'], value: ['https://a.example'], bad: 'a b' },
  profile: { text: 'legacy', json: 'legacy', value: 'legacy', bad: 'modern' },
};
const cases = Object.entries(SAMPLES) as [Exclude<SettingName, 'config' | 'token'>, Sample][];

it('every setting has a sample here', () => {
  expect([...Object.keys(SAMPLES), 'config', 'token'].sort()).toEqual([...SETTING_NAMES].sort());
});

describe.each(cases)('%s can be given', (name, { text, json, value, bad }) => {
  it('as a flag, as a variable, as a key of the config file and as an option, to the same effect', () => {
    const flags = new Map([[name, [text]]]);
    expect(resolveSettings({ cwd, flags }).settings[name]).toEqual(value);
    expect(resolveSettings({ cwd, env: { [variableOf(name)]: text } }).settings[name]).toEqual(value);
    expect(fromFile({ [name]: json }).settings[name]).toEqual(value);
    expect(resolveSettings({ cwd, options: { [name]: json } }).settings[name]).toEqual(value);
  });

  it('badly: the message names the flag, variable or key, and what was expected', () => {
    const { expected } = declarationOf(name).kind;
    const refusal = (place: string) => `${place}: expected ${expected}, got `;
    expect(() => resolveSettings({ cwd, flags: new Map([[name, [bad]]]) })).toThrow(refusal(flagOf(name)));
    expect(() => fromFile({ [name]: { not: 'this' } })).toThrow(`"${name}" in ${cwd}`);
    if (bad === '') return;
    expect(() => resolveSettings({ cwd, env: { [variableOf(name)]: bad } })).toThrow(refusal(variableOf(name)));
  });
});

it('flag wins over variable over config file over default', () => {
  const config = configFile({ maxConcurrency: 3, maxTasks: 3, maxPending: 3 });
  const env = { EXECGO_CONFIG: config, EXECGO_MAX_CONCURRENCY: '2', EXECGO_MAX_TASKS: '2' };
  const flags = new Map<SettingName, readonly string[]>([['maxConcurrency', ['1']]]);
  const { settings } = resolveSettings({ cwd, configFile: true, env, flags });
  const { maxConcurrency, maxTasks, maxPending, maxBody } = settings;
  expect({ maxConcurrency, maxTasks, maxPending, maxBody }).toEqual({
    maxConcurrency: 1,
    maxTasks: 2,
    maxPending: 3,
    maxBody: 8 * 1024 * 1024,
  });
});

it('the defaults are those of the wire contract', () => {
  expect(resolveSettings({ cwd }).settings).toEqual({
    config: undefined,
    addr: { host: '127.0.0.1', port: 8080 },
    dataDir: join(cwd, 'data'),
    store: 'jsonfile',
    durability: 'always',
    retention: undefined,
    maxFinished: undefined,
    eventRetention: 1024 ** 3,
    redisUrl: undefined,
    redisCacheTtlSec: 300,
    outputMax: 64 * 1024 ** 2,
    maxConcurrency: 10,
    shutdownTimeout: 15,
    defaultTimeout: 0,
    noResume: false,
    maxTasks: 10_000,
    maxPending: 1_000_000,
    maxBody: 8 * 1024 ** 2,
    workspace: join(cwd, 'workspace'),
    shellPolicy: undefined,
    sandbox: undefined,
    sandboxNetwork: 'on',
    sandboxReadable: [],
    egress: undefined,
    egressAllow: [],
    mcpConfig: undefined,
    mcpTools: [],
    skillsDir: [],
    trustProject: false,
    executor: [],
    tokenFile: undefined,
    token: undefined,
    allowUnauthenticated: false,
    allowedOrigins: [],
    profile: undefined,
  });
});

it('an empty variable is one that is not set', () => {
  expect(resolveSettings({ cwd, env: { EXECGO_MAX_CONCURRENCY: '' } }).settings.maxConcurrency).toBe(10);
});

it('a flag that takes several values may be repeated', () => {
  const flags = new Map<SettingName, readonly string[]>([['executor', ['@a/one', '@a/two,@a/three']]]);
  expect(resolveSettings({ cwd, flags }).settings.executor).toEqual(['@a/one', '@a/two', '@a/three']);
});

it('a variable that nearly is a setting is told of; others are not our business', () => {
  const { warnings } = resolveSettings({ cwd, env: { EXECGO_SHEL_POLICY: 'open', EXECGO_RUN: 'x', HOME: '/root' } });
  expect(warnings).toEqual(['EXECGO_SHEL_POLICY is not a setting and is ignored; did you mean EXECGO_SHELL_POLICY?']);
});

it('the value of the token is never shown', () => {
  const refused = () => resolveSettings({ cwd, env: { EXECGO_TOKEN: 'two words' } });
  expect(refused).toThrow('EXECGO_TOKEN');
  expect(refused).not.toThrow('two words');
});

describe('the config file', () => {
  it('is execgo.config.json of the current folder where present, and none is needed', () => {
    const folder = join(cwd, 'project');
    mkdirSync(folder);
    expect(resolveSettings({ cwd: folder, configFile: true }).configFile).toBeUndefined();
    writeFileSync(join(folder, 'execgo.config.json'), '{"maxTasks": 5}');
    const { settings, configFile: found } = resolveSettings({ cwd: folder, configFile: true });
    expect({ maxTasks: settings.maxTasks, found }).toEqual({ maxTasks: 5, found: join(folder, 'execgo.config.json') });
  });

  it('is taken from --config before EXECGO_CONFIG', () => {
    const env = { EXECGO_CONFIG: configFile({ maxTasks: 1 }) };
    const flags = new Map<SettingName, readonly string[]>([['config', [configFile({ maxTasks: 2 })]]]);
    expect(resolveSettings({ cwd, configFile: true, env, flags }).settings.maxTasks).toBe(2);
  });

  it('has paths that start at its own folder', () => {
    const folder = join(cwd, 'elsewhere');
    mkdirSync(folder);
    writeFileSync(join(folder, 'c.json'), '{"workspace": "w"}');
    const env = { EXECGO_CONFIG: 'elsewhere/c.json' };
    expect(resolveSettings({ cwd, configFile: true, env }).settings.workspace).toBe(join(folder, 'w'));
  });

  it('must be there when it is named', () => {
    const env = { EXECGO_CONFIG: 'nowhere.json' };
    const expected = `config file ${join(cwd, 'nowhere.json')} cannot be read: there is no such file`;
    expect(() => resolveSettings({ cwd, configFile: true, env })).toThrow(expected);
  });

  it.each(['maxConcurency', 'max-concurrency', 'max_concurrency', 'MaxConcurrency'])(
    'with the key %s is refused, with the nearest name',
    (key) => {
      expect(() => fromFile({ [key]: 1 })).toThrow(/unknown setting ".*" in .*; did you mean "maxConcurrency"\?/);
    },
  );

  it.each([
    [{ grpcAddr: ':1' }, 'unknown setting "grpcAddr"'],
    [{ constructor: 1 }, 'unknown setting "constructor"'],
    ['{"__proto__": {"maxTasks": 1}}', 'unknown setting "__proto__"'],
    [{ config: 'x' }, 'unknown setting "config"'],
    [{ token: 'secret' }, 'holds no token'],
    ['{"maxTasks": 1', 'is not JSON'],
    ['[]', 'must hold one JSON object'],
    ['null', 'must hold one JSON object'],
  ])('%j is refused: %s', (content, message) => {
    expect(() => fromFile(content)).toThrow(message);
    expect(() => fromFile(content)).not.toThrow('secret');
  });
});
