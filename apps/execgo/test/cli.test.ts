import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withTwoDashes } from '../src/argv.js';
import { runCli } from '../src/cli.js';
import { flagOf, variableOf } from '../src/settings/setting.js';
import { SETTING_NAMES } from '../src/settings/table.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

async function execgo(...argv: string[]) {
  const printed = { stdout: '', stderr: '' };
  const status = await runCli(argv, {
    env: {},
    cwd: '/nowhere',
    stdout: (text) => (printed.stdout += text),
    stderr: (text) => (printed.stderr += text),
  });
  return { status, ...printed };
}

it('--version tells the version of the package on stdout', async () => {
  expect(await execgo('--version')).toEqual({ status: 0, stdout: `execgo v${version}\n`, stderr: '' });
});

it.each([['--help'], ['serve', '--help']])(
  '%s %s tells every flag and variable, on stderr, and exits with 0',
  async (...argv) => {
    const { status, stdout, stderr } = await execgo(...argv);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    for (const name of SETTING_NAMES.filter((name) => name !== 'token')) {
      expect(stderr).toContain(flagOf(name));
      expect(stderr).toContain(variableOf(name));
    }
  },
);

it.each([
  [['--adr', ':1'], "unknown option '--adr'\n(Did you mean --addr?)"],
  [['-adr', ':1'], 'unknown option'],
  [['--smtp-addr', ':1'], "unknown option '--smtp-addr'"],
  [['--token', 'secret'], "unknown option '--token'"],
  [['--addr'], "option '--addr <host:port>' argument missing"],
  [['srve'], 'unknown command "srve"; did you mean "serve"?'],
  [['frobnicate'], 'unknown command "frobnicate"; the commands are: serve'],
  [['serve', 'now'], "too many arguments for 'serve'"],
  [['--addr', 'nonsense'], '--addr: expected host:port'],
  [['-max-concurrency=0'], '--max-concurrency: expected a whole number from 1'],
])('%j is refused with exit status 2: %s', async (argv, message) => {
  const { status, stdout, stderr } = await execgo(...argv);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
});

it('long flags with one dash, as version 1 wrote them, are the same flags', () => {
  const flags = new Set(['--addr', '--max-concurrency', '--no-resume']);
  const withDashes = (argv: readonly string[]) => withTwoDashes(argv, flags);
  expect(withDashes(['-addr', ':9090', '-addr=:9090', '--addr', '-max-concurrency', '3', '-no-resume'])).toEqual([
    '--addr',
    ':9090',
    '--addr=:9090',
    '--addr',
    '--max-concurrency',
    '3',
    '--no-resume',
  ]);
  expect(withDashes(['-h', '-V', '-x', '-unknown', '-', '--', '-addr'])).toEqual([
    '-h',
    '-V',
    '-x',
    '-unknown',
    '-',
    '--',
    '-addr',
  ]);
});

it('an error that quotes what was given sends no control sequence to a terminal', async () => {
  for (const argv of [
    ['nope\u009b2J'],
    ['run', 'g.json', '--config', 'missing\u001b]0;pwn\u0007.json'],
    ['health', '--evil\u001b[2J'],
  ]) {
    const { status, stderr } = await execgo(...argv);
    expect(status).toBeGreaterThan(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(stderr).toMatch(/^error: [^\u0000-\u0009\u000b-\u001f\u007f-\u009f]+\n/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(stderr).not.toMatch(/[\u001b\u009b]/);
  }
});
