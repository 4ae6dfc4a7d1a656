/** Codes of ECMA-48, "select graphic rendition". */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
const RESET = '\u001b[0m';

export type StyleName = keyof typeof CODES;
/** Gives a text its look; without colours it is the text as it is. */
export type Style = (name: StyleName, text: string) => string;

export const plain: Style = (_, text) => text;
const coloured: Style = (name, text) => (text === '' ? '' : `\u001b[${CODES[name]}m${text}${RESET}`);

/** Colours for a terminal, unless NO_COLOR (no-color.org) is set to anything, or the terminal is one that knows none. */
export function styleFor(isTerminal: boolean | undefined, env: Readonly<Record<string, string | undefined>>): Style {
  const { NO_COLOR = '', TERM } = env;
  return isTerminal && NO_COLOR === '' && TERM !== 'dumb' ? coloured : plain;
}
