import { ExecGoError } from '@execgo/core';

/**
 * An executor is a plain object. This one serves tasks of the type `text`: it knows two tools, of which one is down for its
 * first two calls, as a service on the network may be.
 *
 * @returns {import('@execgo/core').Executor}
 */
export function textExecutor() {
  let calls = 0;

  /** @type {Record<string, (input: { text: string }) => unknown>} */
  const tools = {
    upper: ({ text }) => ({ text: text.toUpperCase() }),
    count: ({ text }) => {
      calls += 1;
      // Any code but invalid_input, denied, cancelled and not_found is worth a further attempt.
      if (calls <= 2) throw new ExecGoError('external_failure', `the counting service is down (call ${calls})`);
      return { words: text.split(' ').length };
    },
  };

  return {
    category: 'text',

    async tools() {
      const input_schema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
      return Object.keys(tools).map((name) => ({ name, description: `${name} of a text`, input_schema }));
    },

    // Called when a graph is submitted: a graph with a task that cannot run is refused as a whole.
    check({ id, tool_name }) {
      if (!Object.hasOwn(tools, tool_name ?? '')) {
        throw new ExecGoError('not_found', `task "${id}": there is no tool "${tool_name}"`);
      }
    },

    // One attempt. References in the input have been replaced by then, so what came may be anything.
    async execute({ tool_name, input }, run) {
      if (typeof input?.text !== 'string') throw new ExecGoError('invalid_input', 'input.text: expected a string');
      run.progress(`${tool_name}: attempt ${run.attempt}`);
      return tools[tool_name](input);
    },
  };
}
