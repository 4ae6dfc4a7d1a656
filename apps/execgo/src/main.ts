import { runCli } from './cli.js';

const env = { ...process.env };
// A driver may hand the environment of this process on.
delete process.env.EXECGO_TOKEN;
delete process.env.EXECGO_REDIS_URL;

const status = await runCli(process.argv.slice(2), {
  env,
  cwd: process.cwd(),
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
});
// Not left to the end of the event loop: a driver may have left something open.
process.exit(status);
