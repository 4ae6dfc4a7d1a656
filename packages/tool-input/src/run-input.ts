import * as v from 'valibot';
import { stringMap } from './tool-input.js';

/** The kernel takes no argument of 128 KiB or more (MAX_ARG_STRLEN), its closing NUL counted. */
export const MAX_ARGUMENT_BYTES = 128 * 1024 - 1;

/** Any text. */
export const text = v.string('expected a string');

/** What can be one argument of a program. */
export const argument = v.pipe(
  text,
  v.check((value) => !value.includes('\0'), 'must not hold a NUL character'),
  v.check((value) => Buffer.byteLength(value) <= MAX_ARGUMENT_BYTES, `must not exceed ${MAX_ARGUMENT_BYTES} bytes`),
);

/** The arguments of a program. */
export const argumentList = v.array(argument, 'expected an array of strings');

const POSITIVE = 'expected a positive integer';

/** What every tool that runs a program takes beside the program and its arguments: entries for `v.object`. */
export const runEntries = {
  env: v.optional(v.pipe(stringMap('expected an object with string values'), v.description('Further variables.'))),
  stdin: v.optional(v.pipe(text, v.description('What the program reads from its standard input.'))),
  limits: v.optional(
    v.object({
      wall_time_ms: limit('Milliseconds until it is ended.'),
      cpu_time_sec: limit('Seconds of CPU time for each process.'),
      memory_bytes: limit('Address space of each process.'),
      pids_max: limit('Processes and threads at once.'),
      output_max_bytes: limit('Bytes of output until it is ended.'),
    }),
  ),
  sandbox: v.optional(
    v.object({
      network: v.optional(v.pipe(v.boolean('expected true or false'), v.description('false: without network.'))),
    }),
  ),
};

function limit(description: string) {
  return v.optional(
    v.pipe(v.number(POSITIVE), v.integer(POSITIVE), v.minValue(1, POSITIVE), v.description(description)),
  );
}
