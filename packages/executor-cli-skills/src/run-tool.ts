import { programFor, resolveCommand } from '@execgo/process';
import { argument, type CheckedTool, defineTool, fieldError } from '@execgo/tool-input';
import * as v from 'valibot';
import { type CommandPlace, runCommand } from './run-command.js';
import { type CommonInput, checkCommon, commonEntries } from './run-input.js';

/** The tool that runs any program the shell policy allows; no skill may have its name. */
export const RUN_TOOL = 'cli.run';

const schema = v.object({
  command: v.pipe(argument, v.description('The program: run as it is, no shell looks at it.')),
  ...commonEntries,
});

/** Runs a program under the shell policy: the form `{command, args}` of the first version. */
export function runTool(place: CommandPlace): CheckedTool {
  return defineTool({
    name: RUN_TOOL,
    description:
      'Runs a program with arguments (command, args) in the workspace; returns {command, args, output, stdout, stderr, ' +
      'exit_code}, where output is both streams in order. A non-zero exit status is a failure that keeps its output.',
    annotations: { destructive: true, open_world: true },
    schema,
    check({ input }, path) {
      if (input.command === '') throw fieldError(`${path}.command`, 'must not be empty');
      if (input.command !== undefined) resolveCommand(place.shellPolicy, input.command, searchPath(input.env));
      checkCommon(input, place.workspace, place);
    },
    run(input, context) {
      const { command, args = [] } = input;
      const file = programFor(place.shellPolicy, place.confinement, command, searchPath(input.env));
      return runCommand(place, { file, args, shown: { command, args }, subject: 'command' }, input, context);
    },
  });
}

function searchPath(env: CommonInput['env']): string {
  return env?.PATH ?? process.env.PATH ?? '';
}
