import { type CheckedTool, defineTool } from '@execgo/tool-input';
import * as v from 'valibot';

const schema = v.object({
  message: v.optional(v.pipe(v.string('expected a string'), v.description('Comes back in the result.'))),
});

/** Does nothing: for joins, and to try a graph out. */
export function noopTool(): CheckedTool {
  return defineTool({
    name: 'noop',
    description: 'Does nothing and succeeds; returns {ok: true, message}.',
    annotations: { read_only: true, idempotent: true, open_world: false },
    schema,
    async run({ message }) {
      return { ok: true, message: message ?? '' };
    },
  });
}
