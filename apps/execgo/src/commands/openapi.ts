import type { Command } from 'commander';
import { jsonText } from '../json-result.js';
import { VERSION } from '../version.js';
import type { CliContext, CommandDefinition } from './command.js';

const INDENT = 2;
const HELP = `
Nothing is started and nothing is read. A server tells the same at /openapi.json, with its own limits and whether it asks a token.
Example: execgo openapi > openapi.json`;

/** `execgo openapi`: what the HTTP API is, for tools that read it. */
export const openApiCommand: CommandDefinition = {
  name: 'openapi',
  describe(command: Command): Command {
    return command.description('print the OpenAPI 3.1 document of the HTTP API').addHelpText('after', HELP);
  },
  async run(_command: Command, { stdout }: CliContext): Promise<number> {
    const { describeApi } = await import('@execgo/server-http');
    stdout(`${jsonText(await describeApi({ version: VERSION }), INDENT)}\n`);
    return 0;
  },
};
