import { invalidAction } from './invalid-action.js';

/** Version of the form in which agents send actions and are answered. */
export const ADAPTER_SCHEMA = 'adapter.v1';

/** What an agent can ask for, in the order in which it is shown. */
export const ACTION_KINDS = [
  'os.shell',
  'os.file',
  'os.http',
  'os.dns',
  'os.tcp',
  'os.sleep',
  'os.noop',
  'runtime.command',
  'runtime.script',
  'mcp.call',
  'cli.run',
  'task_graph.submit',
] as const;

export type ActionKind = (typeof ACTION_KINDS)[number];

/** Other names of the kinds, as agents know them from elsewhere. */
const ALIASES: ReadonlyMap<string, ActionKind> = new Map([
  ['shell', 'os.shell'],
  ['bash', 'os.shell'],
  ['terminal.command', 'os.shell'],
  ['file.read', 'os.file'],
  ['file.write', 'os.file'],
  ['http.request', 'os.http'],
  ['command', 'runtime.command'],
  ['script', 'runtime.script'],
  ['noop', 'os.noop'],
  ['dns', 'os.dns'],
  ['tcp', 'os.tcp'],
  ['sleep', 'os.sleep'],
]);

/** What an alias says beyond its kind: the `action` of `os.file`. */
const FILE_ACTIONS: ReadonlyMap<string, string> = new Map([
  ['file.read', 'read'],
  ['file.write', 'write'],
]);

/** A kind as an agent named it, understood. */
export interface NamedKind {
  readonly kind: ActionKind;
  /** As it was sent, without the space round it. */
  readonly source: string;
  /** The `action` that the input of `os.file` has where it names none. */
  readonly fileAction: string | undefined;
}

/** @throws ExecGoError `invalid_input` for a kind that is missing or that nothing is called */
export function namedKind(given: string): NamedKind {
  const source = given.trim();
  const name = source.toLowerCase();
  if (name === '') throw invalidAction('action.kind is required', 'action.kind');
  const kind = ALIASES.get(name) ?? ACTION_KINDS.find((known) => known === name);
  if (kind === undefined) throw invalidAction(`unknown action kind ${JSON.stringify(source)}`, 'action.kind');
  return { kind, source, fileAction: FILE_ACTIONS.get(name) };
}

/** The other names of a kind, in the order in which they are shown. */
export function aliasesOf(kind: ActionKind): readonly string[] {
  return [...ALIASES].filter(([, named]) => named === kind).map(([alias]) => alias);
}
