import type { SkillDetails, SkillSummary } from '@execgo/client';
import type { Command } from 'commander';
import { addJsonFlag, answer, streaming } from '../server-call/answer.js';
import { addConnectionFlags } from '../server-call/connection.js';
import { SettingsError } from '../settings/settings-error.js';
import { plainLine, plainLines } from '../terminal/plain-text.js';
import { textTable } from '../terminal/text-table.js';
import type { CliContext, CommandDefinition } from './command.js';

const HELP = `
Example:
  execgo skills
  execgo skills word-count
  execgo skills word-count --file scripts/count.sh`;

/** `execgo skills`: the Agent Skills of the server. */
export const skillsCommand: CommandDefinition = {
  name: 'skills',
  describe(command: Command): Command {
    command
      .description('list the Agent Skills of the server, or show one')
      .argument('[skill]', 'its name')
      .option('--file <path>', 'a file of this skill, as it is');
    return addJsonFlag(addConnectionFlags(command)).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const [name] = command.args;
    const { file } = command.opts<{ file?: string }>();
    if (name === undefined && file !== undefined) throw new SettingsError('skills: --file needs the name of a skill');
    if (name === undefined) {
      return answer(command, cli, async (client) => ({ skills: await client.skills() }), {
        text: ({ skills }, { columns }) => summaryTable(skills, columns),
      });
    }
    if (file === undefined) return answer(command, cli, (client) => client.skill(name), { text: detailsText });
    return streaming(command, cli, async (client) => {
      const bytes = await client.skillFile(name, file);
      if (cli.writeBytes !== undefined) cli.writeBytes('stdout', bytes);
      else cli.stdout(Buffer.from(bytes).toString('utf8'));
    });
  },
};

function summaryTable(skills: readonly SkillSummary[], columns: number): string {
  if (skills.length === 0) return 'no skills: the server finds them with --skills-dir\n';
  return textTable(
    ['SKILL', 'WHAT IT DOES'],
    skills.map(({ name, description }) => [name, description]),
    columns,
  );
}

function detailsText({ name, description, body, files }: SkillDetails): string {
  const listed = files.map(({ path }) => `  ${plainLine(path)}`);
  return `${[plainLine(name), plainLine(description), '', ...plainLines(body), '', 'files:', ...listed].join('\n')}\n`;
}
