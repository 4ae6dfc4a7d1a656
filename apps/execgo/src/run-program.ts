import { type ProgramName, runCli } from './cli.js';
import { untilDrained, untilFlushed } from './terminal/drain.js';
import { USUAL_SIZE } from './terminal/terminal-size.js';

const FAILED = 1;
/** As a shell tells of a program that SIGPIPE ended: 128 and the number of the signal. */
const READER_GONE = 141;

const MAY_HOLD_SECRETS = ['EXECGO_TOKEN', 'EXECGO_URL', 'EXECGO_REDIS_URL', 'EXECGO_RUNTIME_URL'];

/** Runs the program as this process, under one of its names, and ends the process with its exit status. */
export async function runProgram(name: ProgramName): Promise<never> {
  const env = { ...process.env };
  // A driver may hand the environment of this process on.
  for (const name of MAY_HOLD_SECRETS) delete process.env[name];

  const { stdout, stderr } = process;
  // `execgo list | head`: who read has what they wanted. Who read the notes may go away while the work goes on.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') stderr.write(`error: the output cannot be written: ${error.message}\n`);
    process.exit(error.code === 'EPIPE' ? READER_GONE : FAILED);
  });
  stderr.on('error', () => {});

  const status = await runCli(
    process.argv.slice(2),
    {
      env,
      cwd: process.cwd(),
      stdout: (text) => stdout.write(text),
      stderr: (text) => stderr.write(text),
      isTerminal: stderr.isTTY,
      isStdoutTerminal: stdout.isTTY,
      terminalSize: () => {
        const { columns, rows } = stderr.isTTY ? stderr : stdout;
        return { columns: columns || USUAL_SIZE.columns, rows: rows || USUAL_SIZE.rows };
      },
      get stdin() {
        return process.stdin;
      },
      get isStdinTerminal() {
        return process.stdin.isTTY;
      },
      writeBytes: (stream, bytes) => process[stream].write(bytes),
      drained: async () => {
        await Promise.all([untilDrained(stdout), untilDrained(stderr)]);
      },
    },
    name,
  );
  // What is written to a pipe is queued where the reader is slow, and the exit would drop it.
  await Promise.all([untilFlushed(stdout), untilFlushed(stderr)]);
  // Not left to the end of the event loop: a driver may have left something open.
  process.exit(status);
}
