import { type Command, Option } from 'commander';
import { settingsHelp } from './settings/settings-help.js';
import type { SettingName } from './settings/table.js';

/**
 * Gives a command the flag of every setting, or of those with these names. Their values are read later, all sources together.
 */
export function addSettingFlags(command: Command, names?: readonly string[]): Command {
  for (const { name, flag, variable, default: fallback, help } of settingsHelp()) {
    if (flag === undefined || names?.includes(name) === false) continue;
    const option = new Option(flag, `${help} (${variable}; default: ${fallback})`);
    command.addOption(takesValue(option) ? option.argParser(collect) : option);
  }
  return command;
}

/** The texts that stood after each flag that was given; `true` for one that takes none. */
export function flagsGiven(command: Command): ReadonlyMap<SettingName, readonly string[]> {
  const given = new Map<SettingName, readonly string[]>();
  for (const { name, flag } of settingsHelp()) {
    const option = command.options.find(({ flags }) => flags === flag);
    if (option === undefined) continue;
    const key = option.attributeName();
    if (command.getOptionValueSource(key) !== 'cli') continue;
    given.set(name, takesValue(option) ? command.getOptionValue(key) : ['true']);
  }
  return given;
}

function takesValue(option: Option): boolean {
  return option.required;
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
