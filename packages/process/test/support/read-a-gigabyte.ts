import { childEnvironment, runProcess } from '../../src/index.js';

/** Reads all of a gigabyte of output, and tells how much memory that took at most. */
const outcome = await runProcess({
  file: '/usr/bin/head',
  args: ['-c', '1000000000', '/dev/zero'],
  env: childEnvironment({}),
  limits: { output_max_bytes: 2e9 },
});
const maxRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ bytes: outcome.stdout.bytes, maxRssMb }));
