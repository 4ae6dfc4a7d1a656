import { stripVTControlCharacters } from 'node:util';

/**
 * Controls of the C0 and C1 sets, separators of lines, and marks that change the direction of what follows. Tasks write what
 * they like, and none of it may move the cursor of whoever reads it, or make a line look like another one.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/** One line that is safe on a terminal: sequences and controls are gone, runs of white space are a blank. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROLS, ' ').trim();
}

/** A text of several lines, as an error may be: each of them as `plainLine` has it. */
export function plainText(text: string): string {
  return text.split('\n').map(plainLine).join('\n');
}

/** The lines of a text, each safe on a terminal, their indentation kept; none for what is empty. */
export function plainLines(text: string): readonly string[] {
  const lines = stripVTControlCharacters(text)
    .split(/\r\n|[\n\r]/)
    .map((line) => line.replaceAll('\t', '    ').replace(CONTROLS, ' ').trimEnd());
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
