import { type Command, Option } from 'commander';
import { settingsHelp } from './settings/settings-help.js';
import type { SettingName } from './settings/table.js';

/** Gives a command the flag of every setting. Their values are read later, all sources together. */
export function addSettingFlags(command: Command): Command {
  for (const { flag, variable, default: fallback, help } of settingsHelp()) {
    if (flag === undefined) continue;
    const option = new Option(flag, `${help} (${variable}; default: ${fallback})`);
    command.addOption(option.argParser(collect));
  }
  return command;
}

/** The texts that stood after each flag that was given; `true` for a flag without a value. */
export function flagsGiven(command: Command): ReadonlyMap<SettingName, readonly string[]> {
  const given = new Map<SettingName, readonly string[]>();
  for (const { name, flag } of settingsHelp()) {
    const option = command.options.find(({ flags }) => flags === flag);
    if (option === undefined) continue;
    const key = option.attributeName();
    if (command.getOptionValueSource(key) !== 'cli') continue;
    const value: unknown = command.getOptionValue(key);
    given.set(name, Array.isArray(value) ? value : ['true']);
  }
  return given;
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
