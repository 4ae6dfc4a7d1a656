import { childEnvironment, openSandbox, runProcess } from '../../src/index.js';

/** A server in miniature: starts a run that does not end, says so, and waits to be killed. */
const runId = process.argv[2] ?? '';
const mode = process.argv[3] === 'sandboxed' ? 'required' : 'off';
const { confinement } = await openSandbox({ mode });
const env = childEnvironment({ identity: { runId, taskId: 'task', attempt: 1 } });
await runProcess({
  file: '/bin/sh',
  args: ['-c', 'echo started; sleep 99 & sleep 99'],
  env,
  limits: {},
  confinement,
  onOutput: () => {
    process.stdout.write('started\n');
  },
});
