import { Ajv2020 } from 'ajv/dist/2020.js';

interface Content {
  readonly schema: object;
  readonly example?: unknown;
}

interface Body {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Content>>;
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema: { readonly type?: string; readonly enum?: readonly string[] };
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, Body>>;
}

/** The parts of a document that tests look at. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly responses: Readonly<Record<string, Body>>;
  };
}

export function operationsOf({ paths }: OpenApi) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
}

/** Holds values against the schemas of a document, by JSON Schema 2020-12; a field that no schema names is a problem. */
export function openApiChecker(document: OpenApi) {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ } });
  ajv.addSchema(closed(document) as object, 'document');

  function problems(schema: object, value: unknown): readonly string[] {
    const local = JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/', '"document#/'));
    const validate = ajv.compile(local);
    validate(value);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  return {
    problems,
    /** What is wrong with an answer of an operation. */
    answerProblems(operationId: string, status: number, type: string, value: unknown): readonly string[] {
      const operation = operationsOf(document).find((one) => one.operationId === operationId);
      const given = operation?.responses[String(status)];
      const named =
        given?.$ref === undefined ? given : document.components.responses[given.$ref.split('/').at(-1) ?? ''];
      const schema = named?.content?.[type]?.schema;
      return schema === undefined ? [`${operationId} has no ${status} ${type}`] : problems(schema, value);
    },
    *contents(): Generator<{ place: string; content: Content }> {
      const bodies = operationsOf(document).flatMap(({ operationId, requestBody, responses }) => [
        [operationId, requestBody as Body | undefined] as const,
        ...Object.entries(responses).map(([status, body]) => [`${operationId} ${status}`, body] as const),
      ]);
      for (const [place, body] of [...bodies, ...Object.entries(document.components.responses)]) {
        for (const [type, content] of Object.entries(body?.content ?? {})) yield { place: `${place} ${type}`, content };
      }
    },
  };
}

/** The same with every object that names its fields closed to others, so that a test sees what is not described. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, closed(item)]));
  const isSchema = copy.type === 'object' && typeof copy.properties === 'object';
  return isSchema && Object.keys(copy.properties as object).length > 0 && copy.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
