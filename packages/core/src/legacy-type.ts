/** Task types of the first version that are tools of the category `os` today. */
const LEGACY_TYPES: ReadonlySet<string> = new Set(['shell', 'file', 'dns', 'tcp', 'sleep', 'noop', 'http']);

export interface NormalisedType {
  readonly type: 'os';
  readonly tool_name: string;
  readonly execution_category: 'os';
}

/** What a legacy type means today; undefined for a type that needs no translation. */
export function normaliseType(type: string): NormalisedType | undefined {
  return LEGACY_TYPES.has(type) ? { type: 'os', tool_name: type, execution_category: 'os' } : undefined;
}
