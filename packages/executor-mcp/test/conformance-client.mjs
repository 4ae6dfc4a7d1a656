// The client that the conformance suite of MCP drives: our executor, as it is built, against the URL that it is given. It
// lists the tools and calls each of them, with the arguments that the scenario asks for or else some of the right types.
import { createMcpExecutor } from '@execgo/executor-mcp';

const url = process.argv.at(-1);
const version = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');

/** A value that a schema of a tool's argument allows, as far as the scenarios need it. */
function example(schema) {
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'number':
    case 'integer':
      return 2;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, member]) => [name, example(member)]),
      );
    default:
      return 'text';
  }
}

const run = () => ({
  runId: 'conformance/task/1',
  attempt: 1,
  signal: new AbortController().signal,
  accept: async () => undefined,
  progress: () => undefined,
  output: () => undefined,
});

const executor = createMcpExecutor({
  servers: { suite: { url, execgo: { era: version === '2026-07-28' ? version : 'legacy', timeoutMs: 10_000 } } },
  onNote: ({ message }) => process.stderr.write(`note: ${message}\n`),
});
try {
  const tools = await executor.tools();
  const listed = tools.map(({ name, input_schema }) => ({
    name,
    // One scenario wants to see the schema of another tool as it was received.
    arguments: name === 'suite.json_schema_echo' ? { schema: tools[0].input_schema } : example(input_schema),
  }));
  const wanted = (context.toolCalls ?? []).map((call) => ({ ...call, name: `suite.${call.name}` }));
  for (const call of wanted.length > 0 ? wanted : listed) {
    const task = { id: 'task', type: 'mcp', tool_name: call.name, input: call.arguments };
    try {
      process.stderr.write(`${call.name}: ${JSON.stringify(await executor.execute(task, run()))}\n`);
    } catch (error) {
      // Whether that is as it should be, the suite knows.
      process.stderr.write(`${call.name}: ${error.message}\n`);
    }
  }
  await executor.health();
} finally {
  await executor.close();
}
