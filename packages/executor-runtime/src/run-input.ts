import type { JsonObject, TaskSpec, Tool } from '@execgo/core';
import {
  describeInput,
  fieldError,
  type KnownInput,
  parseInput,
  parseKnownInput,
  stringMap,
  text,
} from '@execgo/tool-input';
import * as v from 'valibot';

export const KINDS = ['command', 'script'] as const;
export type RunKind = (typeof KINDS)[number];

const POSITIVE = 'expected a positive integer';
const texts = v.array(text, 'expected an array of strings');
const environment = v.optional(v.pipe(stringMap('expected an object with string values'), v.description('Variables.')));

const commandEntries = {
  program: v.optional(v.pipe(text, v.description('The program: run as it is, no shell looks at it.'))),
  args: v.optional(texts),
  env: environment,
};
const scriptEntries = {
  script: v.optional(v.pipe(text, v.description('Run by the interpreter.'))),
  interpreter: v.optional(v.pipe(texts, v.description('Such as ["python3"]. Default: a shell.'))),
  env: environment,
};

/** What a runtime takes with a run, whatever it runs. Members that are not known here are for the runtime to judge. */
const commonEntries = {
  execution: v.optional(
    v.pipe(
      v.looseObject({
        kind: v.optional(v.picklist(KINDS, 'expected "command" or "script"')),
        ...commandEntries,
        ...scriptEntries,
      }),
      v.description('The same as one member, as the API of the runtime has it; wins over what stands beside it.'),
    ),
  ),
  limits: v.optional(
    v.looseObject({
      wall_time_ms: limit('Milliseconds until it is ended. Default: the timeout of the task.'),
      cpu_time_sec: limit('Seconds of CPU time.'),
      memory_bytes: limit('Memory.'),
      pids_max: limit('Processes at once.'),
      stdout_max_bytes: limit('Bytes of stdout that are answered.'),
      stderr_max_bytes: limit('Bytes of stderr that are answered.'),
    }),
  ),
  sandbox: v.optional(
    v.looseObject({
      profile: v.optional(v.picklist(['process', 'linux_sandbox'], 'expected "process" or "linux_sandbox"')),
      workspace_subdir: v.optional(text),
    }),
  ),
  policy: v.optional(
    v.looseObject({
      capability_mode: v.optional(v.picklist(['adaptive', 'strict'], 'expected "adaptive" or "strict"')),
    }),
  ),
  control_context: v.optional(v.looseObject({ tenant: v.optional(text), owner: v.optional(text) })),
  metadata: v.optional(
    v.pipe(stringMap('expected an object with string values'), v.description('Kept by the runtime with the run.')),
  ),
};

const SCHEMAS = {
  command: v.object({ ...commandEntries, ...commonEntries }),
  script: v.object({ ...scriptEntries, ...commonEntries }),
};
const anySchema = v.object({ ...commandEntries, ...scriptEntries, ...commonEntries });
export type RunInput = v.InferOutput<typeof anySchema>;
type Execution = Pick<RunInput, 'program' | 'args' | 'script' | 'interpreter' | 'env'>;

const DESCRIPTIONS: Readonly<Record<RunKind, string>> = {
  command: 'Runs a program (program, args) on the execgo-runtime server',
  script: 'Runs a script (script, interpreter) on the execgo-runtime server',
};

/** The tools of the category, as agents are shown them. */
export const RUNTIME_TOOLS: readonly Tool[] = KINDS.map((name) => ({
  name,
  description:
    `${DESCRIPTIONS[name]}, under its limits and its sandbox; returns {stdout, stderr, exit_code}. A non-zero exit ` +
    'status is a failure that keeps its output.',
  input_schema: describeInput(SCHEMAS[name]),
  annotations: { destructive: true, open_world: true },
}));

/** Where the input of a task stands: this category takes `input` before `params`. */
export function inputOf({ input, params }: TaskSpec): { readonly raw: unknown; readonly path: string } {
  return input === undefined && params !== undefined ? { raw: params, path: 'params' } : { raw: input, path: 'input' };
}

/**
 * Checks what is known of an input.
 *
 * @param tool the kind that the task names; undefined where its input says it
 * @throws ExecGoError `invalid_input` naming the field
 */
export function checkInput(raw: unknown, path: string, tool: RunKind | undefined): void {
  const { input, has } = parseKnownInput(anySchema, raw, path);
  if (has('execution')) {
    const { execution } = input;
    if (execution === undefined) return;
    checkExecution(execution, `${path}.execution`, tool ?? execution.kind ?? kindOf(execution));
  } else {
    checkFlat({ input, has }, path, tool);
  }
}

/** The whole input, checked, in the form that the API of the runtime has. */
export function readInput(raw: unknown, path: string, tool: RunKind | undefined): RunRequest {
  const input = parseInput(anySchema, raw, path);
  const { execution: given, program, args, script, interpreter, env, ...rest } = input;
  const place = given === undefined ? path : `${path}.execution`;
  const execution = given ?? defined({ program, args, script, interpreter, env });
  const kind = tool ?? (execution as { kind?: RunKind }).kind ?? kindOf(execution);
  checkExecution(execution, place, kind);
  return { execution: { ...execution, kind: kind as RunKind } as unknown as JsonObject, ...rest };
}

/** `kind` is always there. */
export interface RunRequest extends Omit<RunInput, 'execution' | keyof Execution> {
  readonly execution: JsonObject;
}

function checkFlat({ input, has }: KnownInput<typeof anySchema>, path: string, tool: RunKind | undefined): void {
  const kind = tool ?? (has('program') ? 'command' : has('script') ? 'script' : undefined);
  if (kind === undefined) throw fieldError(path, 'program, script or execution is required');
  const needed = kind === 'command' ? 'program' : 'script';
  if (!has(needed)) throw fieldError(`${path}.${needed}`, 'is required');
  // A reference stands for what is needed: the rest can be checked all the same.
  checkExecution(input[needed] === undefined ? { ...input, [needed]: 'known later' } : input, path, kind);
}

/** @throws ExecGoError `invalid_input` for what the runtime would refuse anyway */
function checkExecution(
  execution: Partial<Execution> & { readonly kind?: RunKind | undefined },
  path: string,
  kind: RunKind | undefined,
): void {
  if (kind === undefined) throw fieldError(`${path}.kind`, 'is required: command or script');
  if (execution.kind !== undefined && execution.kind !== kind) {
    throw fieldError(`${path}.kind`, `expected "${kind}", as tool_name says, got "${execution.kind}"`);
  }
  const [needed, forbidden] = kind === 'command' ? (['program', 'script'] as const) : (['script', 'program'] as const);
  if (!execution[needed]?.trim()) throw fieldError(`${path}.${needed}`, `is required for a ${kind}`);
  if (execution[forbidden]?.trim()) throw fieldError(`${path}.${forbidden}`, `must be absent for a ${kind}`);
  if (kind === 'script' && execution.interpreter !== undefined && !execution.interpreter[0]?.trim()) {
    throw fieldError(`${path}.interpreter`, 'must not be empty');
  }
  for (const name of Object.keys(execution.env ?? {})) {
    if (name.trim() === '' || name.includes('='))
      throw fieldError(`${path}.env`, `${JSON.stringify(name)} is no name of a variable`);
  }
}

function kindOf({ program, script }: Partial<Execution>): RunKind | undefined {
  if (program !== undefined) return 'command';
  return script === undefined ? undefined : 'script';
}

function defined(execution: Execution): Execution {
  return Object.fromEntries(Object.entries(execution).filter(([, value]) => value !== undefined));
}

function limit(description: string) {
  return v.optional(
    v.pipe(v.number(POSITIVE), v.integer(POSITIVE), v.minValue(1, POSITIVE), v.description(description)),
  );
}
