import { ConfigError } from '@execgo/core';

/** Whether a tool is offered, by the name under which agents call it. */
export type ToolFilter = (name: string) => boolean;

const PATTERN = /^!?[\w*?-]+$/;

/** Whether a text can stand in the list of `toolFilter`. */
export function isToolPattern(text: string): boolean {
  return PATTERN.test(text);
}

/**
 * A filter of tools by name. A pattern is a name, or a glob with `*` (any characters) and `?` (one); one that begins with `!`
 * takes away, wherever in the list it stands. Where there is none but such, or none at all, they take away from all.
 *
 * @throws ConfigError for a pattern that no name could match
 */
export function toolFilter(patterns: readonly string[] = []): ToolFilter {
  for (const pattern of patterns) {
    if (!isToolPattern(pattern))
      throw new ConfigError('tools', 'names of tools, or globs of letters, digits, _, -, * and ?', pattern);
  }
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!')).map(matcher);
  const unwanted = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => matcher(pattern.slice(1)));
  return (name) => {
    if (unwanted.some((matches) => matches.test(name))) return false;
    return wanted.length === 0 || wanted.some((matches) => matches.test(name));
  };
}

function matcher(glob: string): RegExp {
  // Several stars in a row mean one, and would cost much in a name that does not match.
  const source = glob.replace(/\*+/g, '*').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
