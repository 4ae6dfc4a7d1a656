import type { JsonObject } from '@execgo/core';
import type { Query } from './query.js';

/** A parameter of the query: how it is read, and how it is described, in one place. */
export interface QueryParameter<T> {
  readonly in: 'query';
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the value. */
  readonly schema: JsonObject;
  /** @throws ExecGoError `invalid_input` naming the parameter */
  read(query: Query): T | undefined;
}

/** What only the description of a parameter holds. */
interface About {
  readonly name: string;
  readonly description: string;
}

export function integerParameter(about: About, min: number, max: number): QueryParameter<number> {
  return {
    in: 'query',
    ...about,
    schema: { type: 'integer', minimum: min, maximum: max },
    read: (query) => query.integer(about.name, min, max),
  };
}

export function choiceParameter<const T extends string>(about: About, choices: readonly T[]): QueryParameter<T> {
  return {
    in: 'query',
    ...about,
    schema: { type: 'string', enum: [...choices] },
    read: (query) => query.choice(about.name, choices),
  };
}

/** A text that is not empty. */
export function textParameter(about: About): QueryParameter<string> {
  return {
    in: 'query',
    ...about,
    schema: { type: 'string', minLength: 1 },
    read: (query) => query.text(about.name),
  };
}
