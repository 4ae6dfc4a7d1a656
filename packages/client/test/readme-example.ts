import assert from 'node:assert/strict';
import { createClient, ExecGoHttpError } from '@execgo/client';
import { createScheduler } from '@execgo/scheduler';
import { createApp, serve } from '@execgo/server-http';

// A server in this process, so that the example stands alone. Yours is `execgo serve`, at http://127.0.0.1:8080.
const greet = { category: 'greet', tools: async () => [], execute: async (task: { input: unknown }) => task.input };
const kernel = createScheduler({ executors: [greet] });
await kernel.start();
const server = await serve(createApp({ kernel, version: '0.1.0' }), { port: 0 });

const execgo = createClient({ url: server.url });
const { graph_id } = await execgo.submit({
  tasks: [
    { id: 'first', type: 'greet', input: 'hello' },
    { id: 'second', type: 'greet', input: { said: { $from: 'first' } }, depends_on: ['first'] },
  ],
});
for await (const event of execgo.watch({ graphId: graph_id })) {
  if (event.type === 'task_succeeded' && event.task_id === 'second') break;
}
const { tasks } = await execgo.wait(['first', 'second'], { timeoutMs: 5000 });
assert.deepEqual(tasks[1]?.result, { said: 'hello' });

const error = await execgo.get('third').catch((reason: unknown) => reason);
assert(error instanceof ExecGoHttpError);
assert.equal(error.code, 'not_found');

await server.close();
await kernel.stop();
