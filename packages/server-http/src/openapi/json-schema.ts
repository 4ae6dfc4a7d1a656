import { type JsonObject, TaskInputSchema } from '@execgo/core';
import type { ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import type { Schema } from './operation.js';

const { annotations } = TaskInputSchema.entries;

type Converter = typeof toJsonSchema;

/** The JSON Schemas of a document: each named schema stands in `components` once, and is referred to from everywhere else. */
export class JsonSchemas {
  private constructor(
    private readonly named: Readonly<Record<string, GenericSchema>>,
    private readonly toJsonSchema: Converter,
  ) {}

  /** The converter is loaded here: a server that nobody asks for its document does without. */
  static async load(named: Readonly<Record<string, GenericSchema>>): Promise<JsonSchemas> {
    const { toJsonSchema } = await import('@valibot/to-json-schema');
    return new JsonSchemas(named, toJsonSchema);
  }

  of(schema: Schema): JsonObject {
    return isValibot(schema) ? this.convert(schema) : schema;
  }

  components(): JsonObject {
    return Object.fromEntries(
      Object.entries(this.named).map(([name, schema]) => {
        const { [name]: _self, ...others } = this.named;
        return [name, this.convert(schema, others)];
      }),
    );
  }

  private convert(schema: GenericSchema, definitions = this.named): JsonObject {
    const config: ConversionConfig = {
      target: 'draft-2020-12',
      typeMode: 'input',
      definitions,
      overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
      overrideSchema: ({ valibotSchema }) => BY_HAND.get(valibotSchema),
    };
    const { $schema: _dialect, $defs: _named, ...converted } = this.toJsonSchema(schema, config);
    return converted as unknown as JsonObject;
  }
}

/** What is checked by hand, of which a schema can say nothing by itself. */
const BY_HAND = new Map<unknown, object>([
  [annotations.wrapped, { type: 'object', additionalProperties: { type: ['string', 'null'] } }],
]);

function isValibot(schema: Schema): schema is GenericSchema {
  return '~standard' in schema;
}
