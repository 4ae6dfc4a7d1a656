import { isJsonObject, type Json, type JsonObject, setOwn } from '@execgo/core';

/** Keywords that the APIs of models refuse at the top of a tool's schema; what holds in all branches is kept. */
const COMBINATORS = ['allOf', 'anyOf', 'oneOf'] as const;
const DROPPED: ReadonlySet<string> = new Set([
  ...COMBINATORS,
  'not',
  'enum',
  'const',
  '$schema',
  '$id',
  'if',
  'then',
  'else',
]);

/**
 * A schema as the APIs of models take it: an object with properties, and no choice between branches at its top. The properties
 * of the branches become its own; it says less than the original, and nothing that the original does not.
 */
export function plainObjectSchema(schema: JsonObject): JsonObject {
  const properties: Record<string, unknown> = {};
  const required = new Set<string>();
  collect(schema, properties, required);
  const rest = Object.entries(schema).filter(([name]) => !DROPPED.has(name));
  return {
    ...(Object.fromEntries(rest) as JsonObject),
    type: 'object',
    properties: properties as JsonObject,
    ...(required.size > 0 && { required: [...required] }),
  };
}

/** Two levels are enough for every schema that is not made to confuse, and bound the work. */
function collect(schema: JsonObject, properties: Record<string, unknown>, required: Set<string>, level = 0): void {
  const own = isJsonObject(schema.properties) ? schema.properties : {};
  for (const [name, value] of Object.entries(own))
    if (!Object.hasOwn(properties, name)) setOwn(properties, name, value);
  for (const name of textsOf(schema.required)) required.add(name);
  if (level === 2) return;
  for (const keyword of COMBINATORS) {
    for (const branch of branchesOf(schema[keyword])) {
      // What only one of several branches asks for is not asked for.
      collect(branch, properties, keyword === 'allOf' ? required : new Set(), level + 1);
    }
  }
}

function branchesOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((branch): branch is JsonObject => isJsonObject(branch)) : [];
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
