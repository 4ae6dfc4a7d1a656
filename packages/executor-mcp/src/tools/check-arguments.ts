import { ExecGoError, findReferences, isJsonObject, isReference, type JsonObject } from '@execgo/core';
import { CfWorkerJsonSchemaValidator } from '@modelcontextprotocol/client/validators/cf-worker';
import { clip } from '../clip.js';

const MAX_MESSAGE_LENGTH = 500;
/** It interprets schemas: what a server sends is not compiled into code, and nothing is cached behind our back. */
const engine = new CfWorkerJsonSchemaValidator();
/** Members of a schema that say nothing about what other members hold. */
const INDEPENDENT: readonly string[] = ['type', 'properties', 'required', '$defs', 'definitions', '$schema'];
/** What only leads to the part that is wrong. */
const WRAPPER = /(Property ".*" does not match (additional properties )?schema|Items did not match schema)\.$/s;

type Validate = (value: unknown) => { readonly errorMessage: string | undefined };

/**
 * Checks the arguments of a call against the tool's JSON Schema. A schema that cannot be understood checks nothing: then the
 * server decides.
 */
export class ArgumentChecker {
  private readonly validate: Validate | undefined;

  constructor(private readonly schema: JsonObject) {
    this.validate = validatorOf(schema);
  }

  /**
   * The arguments are checked as far as they are known: members that hold a reference, at any depth, are left to the check
   * before the attempt.
   *
   * @param path where they stand, for the message: `input`
   * @throws ExecGoError `invalid_input` naming the field
   */
  check(value: unknown, path: string): void {
    if (isReference(value)) return;
    if (!isJsonObject(value)) throw fieldError(path, 'expected an object');
    const open = Object.keys(value).filter((key) => findReferences(value[key]).length > 0);
    const validate = open.length === 0 ? this.validate : validatorOf(withoutMembers(this.schema, open));
    const problem = validate?.(value).errorMessage;
    if (problem !== undefined) throw describe(problem, path);
  }
}

/** The schema without a word about these members: of what depends on several members together, nothing is left either. */
function withoutMembers(schema: JsonObject, members: readonly string[]): JsonObject {
  const kept = Object.fromEntries(Object.entries(schema).filter(([key]) => INDEPENDENT.includes(key)));
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const anything = Object.fromEntries(members.map((key) => [key, {}]));
  // Where further members are forbidden or described, these count as known.
  const others = schema.additionalProperties === undefined ? {} : { additionalProperties: schema.additionalProperties };
  const patterns = schema.patternProperties === undefined ? others : {};
  return { ...kept, ...patterns, properties: { ...properties, ...anything } } as JsonObject;
}

function validatorOf(schema: JsonObject): Validate | undefined {
  let validate: Validate;
  try {
    validate = engine.getValidator(schema);
  } catch {
    return undefined;
  }
  return (value) => {
    try {
      return validate(value);
    } catch {
      // A reference that leads nowhere, a pattern that is none: seen only when a value gets there.
      return { errorMessage: undefined };
    }
  };
}

function describe(problem: string, path: string): ExecGoError {
  const parts = problem.split(/; (?=#)/);
  const part = parts.find((text) => !WRAPPER.test(text)) ?? problem;
  const [, pointer = '', text = part] = /^#(\S*): (.*)$/s.exec(part) ?? [];
  const place = pointer
    .split('/')
    .slice(1)
    .reduce((whole, token) => whole + step(token), path);
  const missing = /^Instance does not have required property "(.*)"\.$/s.exec(text)?.[1];
  if (missing !== undefined) return fieldError(`${place}.${clip(missing, MAX_MESSAGE_LENGTH)}`, 'is required');
  const message = /^False boolean schema\.$/.test(text) ? 'is not an argument of this tool' : text.replace(/\.$/, '');
  return fieldError(place, clip(message, MAX_MESSAGE_LENGTH));
}

function step(token: string): string {
  const key = decoded(token).replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(key) ? `[${key}]` : `.${key}`;
}

/** A name of an argument may be such that the engine's message reads like a pointer, and is none. */
function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function fieldError(field: string, problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `${field}: ${problem}`, { details: { field } });
}
