import {
  address,
  bytes,
  duration,
  listOf,
  name,
  oneOf,
  path,
  seconds,
  target,
  toggle,
  toolPattern,
  wholeNumber,
} from './kinds.js';
import { optional, type Setting, setting } from './setting.js';

const MAX_SHUTDOWN_SEC = 24 * 3600;
const MAX_CACHE_TTL_SEC = 10 * 365 * 24 * 3600;

/** Every setting of the server. Flags, variables, keys of the config file, help and the table in the README come from here. */
export const SETTINGS = {
  config: optional(path, {
    otherwise: 'execgo.config.json where present',
    help: 'config file: a JSON object with the keys of this table; its relative paths start at its own folder',
    notAs: ['file', 'option'],
  }),
  addr: setting(address, {
    default: '127.0.0.1:8080',
    help: 'where HTTP is served; :9090 means every interface, port 0 a free one',
  }),
  grpcAddr: optional(address, {
    otherwise: 'off',
    help: 'where gRPC is served besides; :50051 means every interface, port 0 a free one',
  }),
  grpcTlsCert: optional(path, {
    otherwise: 'gRPC is not encrypted',
    help: 'certificate of the gRPC server in PEM, with the intermediate ones after it',
  }),
  grpcTlsKey: optional(path, { otherwise: 'none', help: 'private key of that certificate, in PEM' }),
  grpcTlsClientCa: optional(path, {
    otherwise: 'clients need no certificate',
    help: 'certificates in PEM of whoever signs those that gRPC clients must present',
  }),
  dataDir: setting(path, { default: 'data', help: 'folder of the store' }),
  store: setting(name('name', 'jsonfile, sqlite, memory, or the name of a package'), {
    default: 'jsonfile',
    help: 'jsonfile, sqlite (for histories larger than memory), memory (forgets everything at the end), or a package that exports createStore',
  }),
  sqlitePath: optional(path, {
    otherwise: 'execgo.db in the folder of the store',
    help: 'database of the sqlite store; output that is kept stays in the folder of the store',
  }),
  durability: setting(oneOf('always', 'none'), {
    default: 'always',
    help: 'always: what was acknowledged survives a crash and a power cut; none: nothing waits for the disk',
  }),
  retention: optional(duration(1), {
    otherwise: 'for ever',
    help: 'how long finished tasks are kept, such as 30d; those that an unfinished task depends on are kept in any case',
  }),
  maxFinished: optional(wholeNumber(1), {
    otherwise: 'no limit',
    help: 'how many finished tasks are kept, those that ended last; those that an unfinished task depends on are kept besides',
  }),
  eventRetention: setting(bytes(1024 ** 2), { default: '1 GiB', help: 'how much event history is kept' }),
  redisUrl: optional(name('url', 'redis://[user:password@]host[:port][/database]'), {
    otherwise: 'no cache',
    help: 'Redis that finished tasks are cached in; with a password it belongs in a config file of mode 0600, since other programs can read flags and variables',
    secret: true,
  }),
  redisCacheTtlSec: setting(wholeNumber(1, MAX_CACHE_TTL_SEC), {
    default: '300',
    help: 'seconds after which Redis drops a task',
  }),
  outputMax: setting(bytes(0), {
    default: '64 MiB',
    help: 'how much of the output of an attempt is kept, in files beside the store; 0 = only what its result holds',
  }),
  maxConcurrency: setting(wholeNumber(1, 1_000_000), { default: '10', help: 'attempts at once' }),
  shutdownTimeout: setting(seconds(MAX_SHUTDOWN_SEC), {
    default: '15',
    help: 'seconds that running attempts get when the server is stopped',
  }),
  defaultTimeout: setting(wholeNumber(0), {
    default: '0',
    help: 'timeout of an attempt of a task that names none, in milliseconds; 0 = none',
  }),
  noResume: setting(toggle, {
    default: 'false',
    help: 'hold what an earlier life left unfinished as pending instead of running it',
  }),
  maxTasks: setting(wholeNumber(1), { default: '10000', help: 'tasks in one graph' }),
  maxPending: setting(wholeNumber(1), {
    default: '1000000',
    help: 'unfinished tasks; beyond, submissions are refused for the time being',
  }),
  maxBody: setting(bytes(1), { default: '8 MiB', help: 'size of a request body' }),
  workspace: setting(path, { default: 'workspace', help: 'folder that tasks work in; files outside it are refused' }),
  shellPolicy: optional(oneOf('allowlist', 'open'), {
    otherwise: 'allowlist',
    help: 'allowlist: fixed commands, and scripts in a sandbox alone; open: anything',
  }),
  sandbox: optional(oneOf('auto', 'required', 'off'), {
    otherwise: 'auto; off in the legacy profile',
    help: 'how commands are confined: auto: by bubblewrap where it works, else not, with a warning; required: the server starts only with it; off: not',
  }),
  sandboxNetwork: setting(oneOf('on', 'off'), {
    default: 'on',
    help: "off: no command reaches a network, loopback included; needs a sandbox. on: commands use this machine's",
  }),
  sandboxReadable: setting(listOf(path), {
    default: '',
    help: "what commands in the sandbox can read beside the system's programs and the workspace: folders with further programs",
  }),
  egress: optional(oneOf('local', 'standard', 'strict', 'open'), {
    otherwise: 'local on loopback, else standard',
    help: 'what http, tcp and dns tasks may reach: local: all but link-local and metadata addresses; standard: public addresses and the egress-allow list; strict: that list alone; open: all',
  }),
  egressAllow: setting(listOf(target), {
    default: '',
    help: 'what tasks may reach besides, as host:port',
  }),
  mcpConfig: optional(path, {
    otherwise: 'no MCP servers',
    help: 'file with the mcpServers that mcp tasks call, in the form that every MCP host reads',
  }),
  mcpTools: setting(listOf(toolPattern), {
    default: '',
    help: 'tools that ExecGo offers as an MCP server: names, or globs such as os__*; one that begins with ! takes away; empty = all',
  }),
  skillsDir: setting(listOf(path), {
    default: '',
    help: 'folders of Agent Skills for cli-skills tasks',
  }),
  trustProject: setting(toggle, {
    default: 'false',
    help: 'also use ./.mcp.json, ./.skills and ./.claude/skills, which decide what programs run',
  }),
  runtimeUrl: optional(name('url', 'http(s)://[user:password@]host[:port][/prefix]'), {
    otherwise: 'no runtime: its tasks are refused',
    help: 'execgo-runtime server that runs tasks of type runtime; with a password it belongs in a config file of mode 0600',
    secret: true,
  }),
  runtimeTenant: optional(name('name', 'visible ASCII characters without spaces'), {
    otherwise: 'none',
    help: 'tenant that the runtime is told for tasks that name none',
  }),
  runtimeOwner: optional(name('name', 'visible ASCII characters without spaces'), {
    otherwise: 'none',
    help: 'owner that the runtime is told for tasks that name none: it lets nobody else kill them',
  }),
  executor: setting(listOf(name('package', 'the name of a package')), {
    default: '',
    help: 'packages that export createExecutor, for further task types',
  }),
  tokenFile: optional(path, {
    otherwise: 'no token',
    help: 'file of mode 0600 with the one token that callers must present, or with named ones and their scopes (read, submit, admin) as JSON: {"tokens":[{"name":…,"token":…,"scopes":[…]}]}',
  }),
  token: optional(name('token', 'visible ASCII characters without spaces'), {
    otherwise: 'no token',
    help: 'one token, good for everything, as a variable: every program of this user can read it, so prefer the file',
    notAs: ['flag', 'file'],
    secret: true,
  }),
  allowUnauthenticated: setting(toggle, {
    default: 'false',
    help: 'serve beyond loopback without a token: whoever reaches the port can run tasks',
  }),
  allowedOrigins: setting(listOf(name('origin', 'an origin such as https://console.example.org')), {
    default: '',
    help: 'origins of web pages that may call',
  }),
  profile: optional(oneOf('legacy'), {
    otherwise: 'none',
    help: 'legacy, on loopback alone: scripts, unconfined files, inherited environment and open egress, as version 1 had them',
  }),
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** All settings, read and checked; paths are absolute. */
export type Settings = { readonly [K in SettingName]: ValueOf<(typeof SETTINGS)[K]> };
/** Settings as the config file holds them: numbers, strings, booleans and arrays of strings. */
export type SettingsInput = {
  readonly [K in Exclude<SettingName, 'config'>]?: boolean | number | string | readonly string[] | undefined;
};

/** The declaration of a setting, without the type of its value. */
export function declarationOf(settingName: SettingName): Setting {
  return SETTINGS[settingName] as Setting;
}
