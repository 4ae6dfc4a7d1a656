import { isBuiltin } from 'node:module';

/** A package as the rules see it: its manifest, and each file with the modules that it imports. */
export interface PackageFacts {
  readonly name: string;
  readonly manifest: Manifest;
  /** Paths relative to the package, with `/`. */
  readonly files: readonly { readonly path: string; readonly imports: readonly string[] }[];
}

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

const TESTKIT = '@execgo/testkit';

/** What each kind of package may use of ours, top to bottom. A name belongs to the first kind that matches. */
const LAYERS: readonly {
  readonly kind: string;
  readonly names: RegExp;
  readonly mayUse: RegExp;
  /** In tests, besides testkit: a server is tested against the real kernel, the client against the real server. */
  readonly mayTestWith?: RegExp;
}[] = [
  { kind: 'app', names: /^execgo$/, mayUse: /^@execgo\/(?!testkit$)/ },
  {
    kind: 'server',
    names: /^@execgo\/server-/,
    mayUse: /^@execgo\/(core|access|adapter)$/,
    mayTestWith: /^@execgo\/scheduler$/,
  },
  { kind: 'adapter', names: /^@execgo\/adapter$/, mayUse: /^@execgo\/core$/ },
  { kind: 'access', names: /^@execgo\/access$/, mayUse: /^@execgo\/core$/ },
  {
    kind: 'client',
    names: /^@execgo\/client$/,
    mayUse: /^@execgo\/core$/,
    mayTestWith: /^@execgo\/(server-http|scheduler)$/,
  },
  { kind: 'scheduler', names: /^@execgo\/scheduler$/, mayUse: /^@execgo\/core$/ },
  { kind: 'executor', names: /^@execgo\/executor-/, mayUse: /^@execgo\/(core|process|egress|tool-input)$/ },
  { kind: 'store-lock', names: /^@execgo\/store-lock$/, mayUse: /^@execgo\/core$/ },
  { kind: 'store', names: /^@execgo\/(store|cache|output)-/, mayUse: /^@execgo\/(core|store-lock)$/ },
  { kind: 'tool-input', names: /^@execgo\/tool-input$/, mayUse: /^@execgo\/core$/ },
  { kind: 'egress', names: /^@execgo\/egress$/, mayUse: /^@execgo\/core$/ },
  { kind: 'process', names: /^@execgo\/process$/, mayUse: /^@execgo\/core$/ },
  { kind: 'testkit', names: /^@execgo\/testkit$/, mayUse: /^@execgo\/core$/ },
  { kind: 'core', names: /^@execgo\/core$/, mayUse: /^$/ },
];

type Layer = (typeof LAYERS)[number];

/** Packages without I/O, and the builtins they may use all the same: what computes, and what only the real clock needs. */
const HARMLESS_BUILTINS: Readonly<Record<string, ReadonlySet<string>>> = {
  '@execgo/core': new Set(),
  '@execgo/scheduler': new Set(['node:crypto', 'node:perf_hooks']),
};

const CORE_DEPENDENCIES = ['valibot'];

/** One line for each broken rule, the package and the file first; empty when all is well. */
export function findViolations(packages: readonly PackageFacts[]): readonly string[] {
  const byName = new Map(packages.map((facts) => [facts.name, facts]));
  return packages.flatMap((facts) => [...manifestViolations(facts), ...importViolations(facts, byName)]);
}

function manifestViolations({ name, manifest }: PackageFacts): readonly string[] {
  const layer = layerOf(name);
  if (layer === undefined) return [`${name}: no layer has such a name; give it one in test/support/architecture.ts`];

  const shipped = shippedDependencies(manifest);
  const broken = shipped
    .filter((dependency) => isOurs(dependency) && !layer.mayUse.test(dependency))
    .map((dependency) => `${name}: package.json: ${layer.kind} must not depend on ${dependency}`);
  if (layer.kind === 'core') {
    const extra = shipped.filter((dependency) => !isOurs(dependency) && !CORE_DEPENDENCIES.includes(dependency));
    broken.push(...extra.map((dependency) => `${name}: package.json: core must not depend on ${dependency}`));
  }
  const development = Object.keys(manifest.devDependencies ?? {});
  const upward = development.filter((d) => isOurs(d) && !isForTests(d, layer) && !layer.mayUse.test(d));
  return [
    ...broken,
    ...upward.map((d) => `${name}: package.json: ${layer.kind} must not depend on ${d}, even in tests`),
  ];
}

function importViolations(facts: PackageFacts, packages: ReadonlyMap<string, PackageFacts>): readonly string[] {
  const layer = layerOf(facts.name);
  if (layer === undefined) return [];
  return facts.files.flatMap(({ path, imports }) =>
    imports.flatMap((specifier) => {
      const reason = whyForbidden(specifier, path, facts, layer, packages);
      return reason === undefined ? [] : [`${facts.name}: ${path}: imports ${specifier}: ${reason}`];
    }),
  );
}

function whyForbidden(
  specifier: string,
  path: string,
  facts: PackageFacts,
  layer: Layer,
  packages: ReadonlyMap<string, PackageFacts>,
): string | undefined {
  const inSource = path.startsWith('src/');
  if (specifier.startsWith('.')) return leavesPackage(specifier, path) ? 'leaves its package' : undefined;
  if (isBuiltin(specifier)) {
    const harmless = HARMLESS_BUILTINS[facts.name];
    return inSource && harmless !== undefined && !harmless.has(specifier) ? 'this package does no I/O' : undefined;
  }

  const dependency = packageOf(specifier);
  if (isOurs(dependency)) {
    const target = packages.get(dependency);
    const subpath = `.${specifier.slice(dependency.length)}`;
    if (subpath !== '.' && target?.manifest.exports?.[subpath] === undefined) return 'reaches past the public exports';
    const forTests = !inSource && isForTests(dependency, layer);
    if (dependency !== facts.name && !forTests && !layer.mayUse.test(dependency)) return 'points up or sideways';
  }
  if (!inSource || dependency === facts.name) return undefined;
  return shippedDependencies(facts.manifest).includes(dependency) ? undefined : 'not among its dependencies';
}

function leavesPackage(specifier: string, path: string): boolean {
  let depth = path.split('/').length - 1;
  for (const segment of specifier.split('/')) {
    if (segment === '..') depth -= 1;
    else if (segment !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function shippedDependencies(manifest: Manifest): readonly string[] {
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isOurs(dependency: string): boolean {
  return dependency === 'execgo' || dependency.startsWith('@execgo/');
}

function isForTests(dependency: string, layer: Layer): boolean {
  return dependency === TESTKIT || layer.mayTestWith?.test(dependency) === true;
}

function layerOf(name: string) {
  return LAYERS.find(({ names }) => names.test(name));
}
