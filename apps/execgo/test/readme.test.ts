import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createProgram } from '../src/program.js';
import { settingsTable } from '../src/settings/settings-help.js';

const SETTINGS = /(?<=<!-- settings -->\n\n)[\s\S]*?(?=\n\n<!-- \/settings -->)/;
const COMMANDS = /(?<=<!-- commands -->\n\n)[\s\S]*?(?=\n\n<!-- \/commands -->)/;

it('the README shows the table of settings as it is declared (vitest -u writes it)', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toMatch(SETTINGS);
  await expect(readme.replace(SETTINGS, () => settingsTable())).toMatchFileSnapshot('../README.md');
});

it.each(['../../../README.md', '../../../docs/cli.md'])(
  '%s shows the table of commands as they are declared (vitest -u writes it)',
  async (path) => {
    const text = readFileSync(new URL(path, import.meta.url), 'utf8');
    expect(text).toMatch(COMMANDS);
    await expect(text.replace(COMMANDS, () => commandsTable())).toMatchFileSnapshot(path);
  },
);

function commandsTable(): string {
  const context = { env: {}, cwd: '/', stdout: () => {}, stderr: () => {} };
  const rows = createProgram('execgo', context, () => {}).commands.map((command) => {
    const usage = command.usage().replace('[options]', '').trim();
    const names = [[command.name(), usage].join(' ').trim(), ...command.aliases()];
    return `| ${names.map((name) => `\`${name}\``).join(', ')} | ${command.description()} |`;
  });
  return ['| command | what it does |', '| --- | --- |', ...rows].join('\n');
}
