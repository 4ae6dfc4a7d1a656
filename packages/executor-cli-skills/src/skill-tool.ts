import { delimiter } from 'node:path';
import { isJsonObject, type JsonObject, type Tool } from '@execgo/core';
import { COMMAND_FOLDERS, childEnvironment } from '@execgo/process';
import { describeInput, fieldError, parseInput, parseKnownInput, type ToolRun, text } from '@execgo/tool-input';
import * as v from 'valibot';
import { type CommandPlace, runCommand } from './run-command.js';
import { type CommonInput, checkCommon, checkScriptVariables, commonEntries, SKILL_VARIABLE } from './run-input.js';
import { type InterpreterMap, launchOf } from './script-launch.js';
import type { Skill } from './skill.js';
import { openScript, scriptName } from './skill-script.js';

const ANNOTATIONS = { destructive: true, open_world: true };
/** As much of a skill's description as the tool of one script repeats, in characters. */
const MAX_REPEATED = 200;
/** Scripts that are remembered as checked, at most. */
const MAX_PASSED = 1_000;
const RETURNS =
  'Returns {command, args, output, stdout, stderr, exit_code}; a non-zero exit status is a failure that keeps its output.';

const schema = v.object({
  script: v.optional(v.pipe(text, v.description('Which script, by its path inside scripts/.'))),
  ...commonEntries,
});
const { script: scriptSchema, ...otherSchemas } = propertiesOf(describeInput(schema));

/** What a skill offers: itself and each of its scripts; nothing where it has none. */
export function toolsOf({ details }: Skill): readonly Tool[] {
  const { name, description, scripts } = details;
  if (scripts.length === 0) return [];
  const whole = tool(
    name,
    `${description}\n\nRuns a script of this skill: ${scripts.join(', ')}. ${RETURNS}`,
    { script: { ...(scriptSchema as JsonObject), enum: scripts }, ...otherSchemas },
    scripts.length === 1 ? [] : ['script'],
  );
  const single = scripts.map((path) =>
    tool(
      `${name}/${path}`,
      `Runs ${path} of the skill ${name}: ${beginningOf(description)} ${RETURNS}`,
      otherSchemas,
      [],
    ),
  );
  return [whole, ...single];
}

/** Checks and runs scripts of skills. */
export class ScriptRunner {
  /** Until when a script that passed the check is not looked at again: a big graph asks for the same one thousands of times. */
  private readonly passed = new Map<string, number>();

  constructor(
    private readonly place: CommandPlace,
    private readonly options: { readonly interpreters: InterpreterMap; readonly rescanMs: number },
  ) {}

  /**
   * @param fixed script that the tool's name stands for, if it does
   * @param path where the input stands in the task
   * @throws ExecGoError `invalid_input`, `denied`, `not_found`
   */
  async check(skill: Skill, fixed: string | undefined, raw: unknown, path: string): Promise<void> {
    const { input, has } = parseKnownInput(schema, raw, path);
    checkCommon(input, this.place.workspace, this.place);
    checkScriptVariables(this.place.shellPolicy, input.env);
    if (fixed === undefined && has('script') && input.script === undefined) return;
    const name = chosen(skill, fixed, input.script, path);
    const key = [skill.folder, name, input.env?.PATH].join('\0');
    if ((this.passed.get(key) ?? 0) > performance.now()) return;
    await this.launch(skill, name, input.env);
    if (this.passed.size >= MAX_PASSED) this.passed.clear();
    this.passed.set(key, performance.now() + this.options.rescanMs);
  }

  /** One attempt; the input has been checked and holds no reference any more. */
  async run(skill: Skill, fixed: string | undefined, raw: unknown, path: string, context: ToolRun): Promise<unknown> {
    const input = parseInput(schema, raw, path);
    const name = chosen(skill, fixed, input.script, path);
    const { script, file, args } = await this.launch(skill, name, input.env);
    const command = {
      file,
      args: [...args, ...(input.args ?? [])],
      subject: `script ${JSON.stringify(name)}`,
      // The interpreter may be installed where a sandbox shows nothing.
      readable: [skill.folder, file],
      variables: { [SKILL_VARIABLE]: skill.folder },
      lastLook: script.assertUnchanged,
    };
    return runCommand(this.place, command, input, context);
  }

  private async launch(skill: Skill, name: string, env: CommonInput['env']) {
    const script = await openScript(skill, name);
    // A task may choose where its script looks for programs, never which interpreter runs it.
    const serverPath = childEnvironment({}).PATH ?? '';
    // A sandbox shows the system's programs whole; of another one it would show the file, without what that needs.
    const system = this.place.confinement.isolated ? COMMAND_FOLDERS : [];
    const path = [...system, serverPath].join(delimiter);
    return { script, ...launchOf(script, this.options.interpreters, path, env?.PATH ?? serverPath) };
  }
}

function chosen(skill: Skill, fixed: string | undefined, given: string | undefined, path: string): string {
  if (fixed !== undefined && given !== undefined && given !== fixed) {
    throw fieldError(`${path}.script`, `the tool stands for the script ${fixed}; leave it out`);
  }
  return scriptName(skill, fixed ?? given, path);
}

function tool(name: string, description: string, properties: JsonObject, required: readonly string[]): Tool {
  return { name, description, annotations: ANNOTATIONS, input_schema: { type: 'object', properties, required } };
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties) ? (properties as JsonObject) : {};
}

function beginningOf(description: string): string {
  const characters = [...description];
  return characters.length <= MAX_REPEATED ? description : `${characters.slice(0, MAX_REPEATED).join('')}…`;
}
