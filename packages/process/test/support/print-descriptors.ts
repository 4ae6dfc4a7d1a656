import { openSandbox, runProcess } from '../../src/index.js';

/** A server in miniature that was started with open descriptors: prints those that a command in its sandbox has. */
const { confinement } = await openSandbox({ mode: 'required' });
const { stdout } = await runProcess({
  file: '/bin/sh',
  args: ['-c', 'for f in /proc/self/fd/*; do echo "$(basename "$f") $(readlink "$f")"; done'],
  env: { PATH: '/usr/bin:/bin' },
  limits: {},
  confinement,
});
process.stdout.write(stdout.text);
