import type { ApiErrorCode, JsonObject } from '@execgo/core';
import type { GenericSchema } from 'valibot';

/** The groups in which the document shows operations, and what each is about. */
export const TAGS = {
  tasks: 'Submit task graphs, look at tasks, wait for them, end them.',
  graphs: 'What one submission came to.',
  events: 'What happened and what happens, in one sequence without gap or repeat.',
  output: 'What tasks write, live and afterwards.',
  agents: 'Actions in the words of agents.',
  mcp: 'Tools of MCP servers.',
  skills: 'Agent Skills, by stages.',
  server: 'How the server is.',
} as const;

/** A valibot schema, which becomes JSON Schema, or JSON Schema. */
export type Schema = GenericSchema | JsonObject;

/** A parameter as the document shows it; a `QueryParameter` is one. */
export interface Parameter {
  readonly in: 'query' | 'path' | 'header';
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the value. */
  readonly schema: JsonObject;
  readonly example?: unknown;
  /** Default: for paths true, else false. */
  readonly required?: boolean;
  /** How a value that is no scalar is spelled (OpenAPI 3.1, 4.8.12). @default as OpenAPI has it */
  readonly style?: string;
  readonly explode?: boolean;
}

export interface Content {
  readonly schema: Schema;
  readonly example: unknown;
}

/** A request's body. It is JSON always. */
export interface RequestBody extends Content {
  readonly description: string;
  /** @default true */
  readonly required?: boolean;
}

/** An answer that is no error. */
export interface Answer {
  readonly description: string;
  /** By media type. @default no body */
  readonly content?: Readonly<Record<string, Content>>;
  /** Besides `X-Trace-ID`, which every answer has. */
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonObject }>>;
}

/** What one method of one path does, for the document. */
export interface Operation {
  /** Unique; clients that are generated name their methods after it. */
  readonly operationId: string;
  readonly tag: keyof typeof TAGS;
  /** One line. */
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: RequestBody;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it can be refused with, besides what every operation can (see `COMMON_ERRORS`). */
  readonly errors?: readonly ApiErrorCode[];
  /** Refusals that the codes do not tell by their status. */
  readonly otherErrors?: Readonly<Record<number, string>>;
}

/** 200 with JSON. */
export function jsonAnswer(description: string, schema: Schema, example: unknown): Answer {
  return { description, content: { 'application/json': { schema, example } } };
}

export function pathParameter(name: string, description: string, example: string): Parameter {
  return { in: 'path', name, description, schema: { type: 'string', minLength: 1 }, example };
}
