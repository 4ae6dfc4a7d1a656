import { extname } from 'node:path';
import { ConfigError } from '@execgo/core';
import {
  type Confinement,
  checkLimits,
  DEFAULT_OUTPUT_MAX_BYTES,
  noConfinement,
  type ResourceLimits,
  SHELL_POLICIES,
  type ShellPolicy,
} from '@execgo/process';

/** A folder whose sub-folders are skills. */
export interface SkillsDir {
  readonly path: string;
  /** What the catalogue says of its skills: `user`, `project`. */
  readonly source: string;
}

/** How much of skills is read. */
export interface SkillBounds {
  /** Skills in one folder. @default 1000 */
  readonly maxSkills?: number;
  /** Bytes of a SKILL.md. @default 256 KiB */
  readonly maxManifestBytes?: number;
  /** Files that are listed for one skill. @default 1000 */
  readonly maxFiles?: number;
  /** Folders within folders of a skill. @default 8 */
  readonly maxDepth?: number;
  /** Bytes of a file that the catalogue gives out. @default 1 MiB */
  readonly maxFileBytes?: number;
}

/** The program that runs scripts of an ending, with its first arguments; it is looked up in the server's PATH. */
export type Interpreters = Readonly<Record<string, readonly string[]>>;

export interface CliSkillsExecutorOptions {
  /** Where skills are looked for; of two with one name the first counts. A text is a folder with source `user`. @default [] */
  readonly skillsDirs?: readonly (SkillsDir | string)[];
  /** The folder that programs and scripts work in; made at once. @default './workspace' */
  readonly workspace?: string;
  /** Which programs `cli.run` takes; with `allowlist` a task cannot redirect the interpreter of a script either. @default 'allowlist' */
  readonly shellPolicy?: ShellPolicy;
  /** How programs are confined. @default noConfinement */
  readonly confinement?: Confinement;
  /** The most that any run gets; a task may ask for less. @default 64 MiB of output, the rest unbounded */
  readonly limits?: ResourceLimits;
  /** Paths that no working directory may be: data directory, configuration. */
  readonly protectedPaths?: readonly string[];
  /** Give programs the server's whole environment but what begins with EXECGO_: for the legacy profile. @default false */
  readonly inheritEnv?: boolean;
  /** Let working directories lead out of the workspace: for the legacy profile. @default false */
  readonly unconfinedFiles?: boolean;
  /** By ending, `{ '.py': ['uv', 'run'] }`; what is named here is added to the defaults, an empty list takes one away. */
  readonly interpreters?: Interpreters;
  /** How much of skills is read. */
  readonly bounds?: SkillBounds;
  /** Milliseconds for which skills are not looked for again. @default 1000 */
  readonly rescanMs?: number;
  /** Told once of everything that is wrong with a skill or a folder of skills. @default console.warn */
  readonly onWarning?: (message: string) => void;
}

const DEFAULT_WORKSPACE = './workspace';
const DEFAULT_SOURCE = 'user';
const DEFAULT_RESCAN_MS = 1_000;
const DEFAULT_LIMITS: ResourceLimits = { output_max_bytes: DEFAULT_OUTPUT_MAX_BYTES };
const DEFAULT_BOUNDS: Required<SkillBounds> = {
  maxSkills: 1_000,
  maxManifestBytes: 256 * 1024,
  maxFiles: 1_000,
  maxDepth: 8,
  maxFileBytes: 1024 * 1024,
};

/** Node of this process; the others by the names under which systems install them. */
const DEFAULT_INTERPRETERS: Interpreters = {
  '.py': ['python3'],
  '.sh': ['sh'],
  '.bash': ['bash'],
  '.js': [process.execPath],
  '.mjs': [process.execPath],
  '.cjs': [process.execPath],
  '.rb': ['ruby'],
  '.pl': ['perl'],
  ...(runsTypeScript() ? { '.ts': [process.execPath], '.mts': [process.execPath] } : {}),
};

/** Every option with its value. */
export interface ResolvedCliSkillsOptions {
  readonly skillsDirs: readonly SkillsDir[];
  readonly workspace: string;
  readonly shellPolicy: ShellPolicy;
  readonly confinement: Confinement;
  readonly limits: ResourceLimits;
  readonly protectedPaths: readonly string[];
  readonly inheritEnv: boolean;
  readonly unconfinedFiles: boolean;
  readonly interpreters: ReadonlyMap<string, readonly [string, ...string[]]>;
  readonly bounds: Required<SkillBounds>;
  readonly rescanMs: number;
  readonly onWarning: (message: string) => void;
}

/** @throws ConfigError naming the option, what was expected and what came */
export function resolveCliSkillsOptions(options: CliSkillsExecutorOptions = {}): ResolvedCliSkillsOptions {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  checkLimits(limits);
  const workspace = options.workspace ?? DEFAULT_WORKSPACE;
  if (workspace === '') throw new ConfigError('workspace', 'a folder', workspace);
  const shellPolicy = options.shellPolicy ?? 'allowlist';
  if (!SHELL_POLICIES.includes(shellPolicy)) {
    throw new ConfigError('shellPolicy', `one of ${SHELL_POLICIES.join(', ')}`, shellPolicy);
  }
  return {
    skillsDirs: (options.skillsDirs ?? []).map(resolveDir),
    workspace,
    shellPolicy,
    confinement: options.confinement ?? noConfinement,
    limits,
    protectedPaths: options.protectedPaths ?? [],
    inheritEnv: options.inheritEnv ?? false,
    unconfinedFiles: options.unconfinedFiles ?? false,
    interpreters: resolveInterpreters(options.interpreters ?? {}),
    bounds: resolveBounds(options.bounds ?? {}),
    rescanMs: atLeast('rescanMs', 0, options.rescanMs ?? DEFAULT_RESCAN_MS),
    onWarning: options.onWarning ?? ((message) => console.warn(message)),
  };
}

function resolveDir(dir: SkillsDir | string, at: number): SkillsDir {
  const { path, source } = typeof dir === 'string' ? { path: dir, source: DEFAULT_SOURCE } : dir;
  if (typeof path !== 'string' || path === '') throw new ConfigError(`skillsDirs[${at}].path`, 'a folder', path);
  if (typeof source !== 'string' || source === '') throw new ConfigError(`skillsDirs[${at}].source`, 'a text', source);
  return { path, source };
}

function resolveInterpreters(given: Interpreters): ReadonlyMap<string, readonly [string, ...string[]]> {
  const resolved = new Map<string, readonly [string, ...string[]]>();
  for (const [ending, command] of Object.entries({ ...DEFAULT_INTERPRETERS, ...given })) {
    const option = `interpreters[${JSON.stringify(ending)}]`;
    if (extname(`x${ending}`) !== ending || ending === '.')
      throw new ConfigError(option, 'an ending such as ".py"', ending);
    if (!Array.isArray(command) || !command.every((part) => typeof part === 'string' && part !== '')) {
      throw new ConfigError(option, 'a list of texts: a program and its first arguments', command);
    }
    const [program, ...first] = command as readonly string[];
    if (program !== undefined) resolved.set(ending.toLowerCase(), [program, ...first]);
  }
  return resolved;
}

function resolveBounds(given: SkillBounds): Required<SkillBounds> {
  const bounds = { ...DEFAULT_BOUNDS, ...given };
  for (const [name, value] of Object.entries(bounds)) atLeast(`bounds.${name}`, 1, value);
  return bounds;
}

function atLeast(option: string, min: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < min) throw new ConfigError(option, `an integer, ${min} or more`, value);
  return value;
}

/** Node runs TypeScript by itself from 22.18 and 23.6 on. */
function runsTypeScript(): boolean {
  const { typescript } = process.features as { readonly typescript?: unknown };
  return Boolean(typescript);
}
