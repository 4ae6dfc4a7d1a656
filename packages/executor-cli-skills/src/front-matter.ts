import { errorMessage, isJsonObject, type JsonObject, toPlainJson } from '@execgo/core';
import { Lexer, Parser, parseDocument } from 'yaml';

/** Largest front matter, in bytes: the parser's time grows with its square. */
export const MAX_FRONT_MATTER_BYTES = 16 * 1024;
/** Deepest nesting. The parser recurses, and where the stack ends Node may die of it, which nothing can catch. */
const MAX_DEPTH = 64;
/** How often aliases may repeat what they stand for, all in all. */
const MAX_ALIASES = 50;
const VALUE_LIMITS = { maxBytes: 64 * 1024, maxDepth: 16 };
/** The front matter begins on the second line of the file. */
const LINES_BEFORE = 1;

/** What a SKILL.md consists of, or why it cannot be read. */
export type FrontMatter =
  | { readonly ok: true; readonly fields: JsonObject; readonly body: string; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Splits a file into front matter and body. The front matter is YAML between two lines `---`, the first of which begins the
 * file (a byte order mark may come before). Its scalars are texts as they were written, never numbers, dates or booleans: a
 * version `1.0` stays `1.0`. Tags mean nothing; aliases, depth and size are bounded.
 */
export function readFrontMatter(file: Uint8Array): FrontMatter {
  const text = decode(file);
  if (text === undefined) return { ok: false, problem: 'it is not UTF-8 text; save it as UTF-8' };
  const parts = /^---[ \t]*\r?\n(?:([\s\S]*?)\r?\n)?---[ \t]*(?:\r?\n|$)/.exec(text);
  if (parts === null) {
    const problem = text.startsWith('---')
      ? 'the front matter has no end; close it with a line ---'
      : 'there is no front matter; begin the file with a line ---, fields such as name: and description:, and a line ---';
    return { ok: false, problem };
  }
  return readYaml(parts[1] ?? '', text.slice(parts[0].length));
}

function readYaml(yaml: string, body: string): FrontMatter {
  if (Buffer.byteLength(yaml) > MAX_FRONT_MATTER_BYTES) {
    return {
      ok: false,
      problem: `the front matter is larger than ${MAX_FRONT_MATTER_BYTES} bytes; move text to the body`,
    };
  }
  if (isTooDeep(yaml)) return { ok: false, problem: `the front matter is nested deeper than ${MAX_DEPTH} levels` };
  try {
    const document = parseDocument(yaml, { schema: 'failsafe', prettyErrors: true, logLevel: 'silent' });
    const [error] = document.errors;
    if (error !== undefined) return { ok: false, problem: yamlProblem(error) };
    const fields = toPlainJson(document.toJS({ maxAliasCount: MAX_ALIASES }), VALUE_LIMITS);
    if (!isJsonObject(fields))
      return { ok: false, problem: 'the front matter is no list of fields; write name: and description:' };
    const warnings = document.warnings.map(({ message, linePos }) => `${firstLine(message)}${lineOf(linePos)}`);
    return { ok: true, fields: fields as JsonObject, body, warnings };
  } catch (error) {
    return { ok: false, problem: `the front matter cannot be used: ${errorMessage(error)}` };
  }
}

function decode(file: Uint8Array): string | undefined {
  try {
    // Drops a byte order mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(file);
  } catch {
    return undefined;
  }
}

/** Follows the parser's own stack, which does not recurse, and stops where it grows too high. */
function isTooDeep(yaml: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(yaml)) {
    // What it yields is of no interest here, but it works only while it is asked.
    for (const _token of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return true;
  }
  return false;
}

type LinePositions = readonly { readonly line: number }[] | undefined;

function yamlProblem({ message, linePos, code }: { message: string; linePos?: LinePositions; code: string }): string {
  const hint = code === 'BLOCK_AS_IMPLICIT_KEY' ? '; put a text with a colon in it into quotes' : '';
  return `the front matter is no valid YAML${lineOf(linePos)}: ${firstLine(message)}${hint}`;
}

/** The parser's message without its own count of lines, which begins after ours, and without its excerpt. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}

function lineOf(positions: LinePositions): string {
  const line = positions?.[0]?.line;
  return line === undefined ? '' : ` in line ${line + LINES_BEFORE}`;
}
