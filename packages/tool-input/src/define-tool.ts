import type { JsonObject, RunContext, Tool, ToolAnnotations } from '@execgo/core';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { type InputSchema, type KnownInput, parseInput, parseKnownInput } from './tool-input.js';

/** Which attempt a tool runs for. */
export interface ToolRun {
  readonly taskId: string;
  readonly run: RunContext;
}

/** One tool of an executor, whatever its input. */
export interface CheckedTool {
  readonly tool: Tool;
  /**
   * @param path where the input stands in the task: `params` or `input`
   * @throws ExecGoError `invalid_input`, `denied`, `not_found`
   */
  check(raw: unknown, path: string): void;
  /** One attempt; the input has been checked and holds no reference any more. */
  run(raw: unknown, path: string, context: ToolRun): Promise<unknown>;
}

export interface ToolDefinition<S extends InputSchema> {
  readonly name: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly schema: S;
  /** What a schema cannot say, as far as it is known. */
  check?(known: KnownInput<S>, path: string): void;
  run(input: v.InferOutput<S>, context: ToolRun): Promise<unknown>;
}

/** Makes a tool of its definition: checks its input, describes it by JSON Schema. */
export function defineTool<S extends InputSchema>(definition: ToolDefinition<S>): CheckedTool {
  const { name, description, annotations, schema } = definition;
  return {
    tool: { name, description, annotations, input_schema: describeInput(schema) },
    check(raw, path) {
      const known = parseKnownInput(schema, raw, path);
      definition.check?.(known, path);
    },
    async run(raw, path, context) {
      return definition.run(parseInput(schema, raw, path), context);
    },
  };
}

/** JSON Schema of an input, as agents are shown it. */
export function describeInput(schema: InputSchema): JsonObject {
  const { $schema: _dialect, ...described } = toJsonSchema(schema, {
    typeMode: 'input',
    // Rules that JSON Schema has no words for; the check holds to them all the same.
    ignoreActions: ['check', 'regex'],
    // The one schema made by hand is `stringMap`.
    overrideSchema: ({ valibotSchema }) =>
      valibotSchema.type === 'custom' ? { type: 'object', additionalProperties: { type: 'string' } } : undefined,
  });
  return described as unknown as JsonObject;
}
