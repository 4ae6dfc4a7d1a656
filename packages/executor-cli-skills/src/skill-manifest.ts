import { isJsonObject, type Json, type JsonObject, type SkillDetails } from '@execgo/core';
import { readFrontMatter } from './front-matter.js';

/** Bounds of the specification, in characters. */
const MAX_NAME_LENGTH = 64;
const MAX_DESCRIPTION_LENGTH = 1024;
const MAX_COMPATIBILITY_LENGTH = 500;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Longer than this, or with one of these characters, a name cannot be part of a tool's name. */
const MAX_USABLE_NAME_LENGTH = 256;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNUSABLE_IN_NAME = /[/\u0000-\u001f\u007f]/;
/** Tool names of this category that belong to no skill. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['cli.run']);
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'description',
  'license',
  'compatibility',
  'metadata',
  'allowed-tools',
]);

/** What the SKILL.md of one skill says. */
export type SkillManifest = Omit<SkillDetails, 'source' | 'scripts' | 'files'>;

/** A manifest, or why the skill cannot be used. */
export type ManifestResult =
  | { readonly ok: true; readonly manifest: SkillManifest }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads a SKILL.md as leniently as agents in use do: what breaks the specification and can be used all the same is used, with
 * a warning. Without front matter, name or description there is no skill. The name in the file counts, not the folder's.
 *
 * @param folder name of the folder it lies in
 */
export function readManifest(file: Uint8Array, folder: string): ManifestResult {
  const read = readFrontMatter(file);
  if (!read.ok) return read;
  const { fields, body } = read;
  const warnings = [...read.warnings];
  const name = textOf(fields.name);
  const problem = nameProblem(fields.name, name) ?? descriptionProblem(fields.description);
  if (problem !== undefined || name === undefined) return { ok: false, problem: problem ?? 'name: is required' };
  warnings.push(...nameWarnings(name, folder));

  const description = textOf(fields.description) ?? '';
  warnIfLong('description', description, MAX_DESCRIPTION_LENGTH, warnings);
  const license = optionalText('license', fields.license, warnings);
  const compatibility = optionalText('compatibility', fields.compatibility, warnings);
  warnIfLong('compatibility', compatibility ?? '', MAX_COMPATIBILITY_LENGTH, warnings);
  const metadata = optionalMap('metadata', fields.metadata, warnings);
  const allowedTools = toolList(fields['allowed-tools'], warnings);
  const extra = Object.entries(fields).filter(([field]) => !KNOWN_FIELDS.has(field));
  const manifest: SkillManifest = {
    name,
    description,
    ...(license === undefined ? {} : { license }),
    ...(compatibility === undefined ? {} : { compatibility }),
    ...(allowedTools === undefined ? {} : { allowed_tools: allowedTools }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
    body,
    warnings,
  };
  return { ok: true, manifest };
}

function nameProblem(raw: Json | undefined, name: string | undefined): string | undefined {
  if (raw === undefined || name === '')
    return 'name: is required; give the skill one, as a line name: of its front matter';
  if (name === undefined) return 'name: expected a text';
  if (name.length > MAX_USABLE_NAME_LENGTH) return `name: is longer than ${MAX_USABLE_NAME_LENGTH} characters`;
  if (UNUSABLE_IN_NAME.test(name)) return `name: ${JSON.stringify(name)} holds a slash or a control character`;
  if (RESERVED_NAMES.has(name)) return `name: ${name} is reserved; give the skill another one`;
  return undefined;
}

function descriptionProblem(raw: Json | undefined): string | undefined {
  const description = textOf(raw);
  if (description === undefined && raw !== undefined) return 'description: expected a text';
  if (description) return undefined;
  return 'description: is required; say what the skill does and when to use it';
}

function nameWarnings(name: string, folder: string): readonly string[] {
  const warnings: string[] = [];
  if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    warnings.push(
      `name: ${JSON.stringify(name)} should be 1 to ${MAX_NAME_LENGTH} lowercase letters and digits, with single hyphens ` +
        'between them; other agents may refuse it',
    );
  }
  if (name !== folder) {
    warnings.push(
      `name: ${JSON.stringify(name)} differs from its folder ${JSON.stringify(folder)}; the name counts, rename the folder`,
    );
  }
  return warnings;
}

function warnIfLong(field: string, text: string, max: number, warnings: string[]): void {
  if ([...text].length > max) {
    warnings.push(`${field}: is longer than ${max} characters; it is kept, but other agents may cut or refuse it`);
  }
}

function optionalText(field: string, raw: Json | undefined, warnings: string[]): string | undefined {
  if (raw === undefined) return undefined;
  const text = textOf(raw);
  if (text === undefined) warnings.push(`${field}: expected a text; it is left out`);
  return text || undefined;
}

function optionalMap(field: string, raw: Json | undefined, warnings: string[]): JsonObject | undefined {
  if (raw === undefined || raw === '') return undefined;
  if (isJsonObject(raw)) return raw as JsonObject;
  warnings.push(`${field}: expected fields with values; it is left out`);
  return undefined;
}

function toolList(raw: Json | undefined, warnings: string[]): readonly string[] | undefined {
  if (raw === undefined) return undefined;
  if (typeof raw === 'string') return splitTools(raw);
  if (Array.isArray(raw) && raw.every((item) => typeof item === 'string')) {
    return raw.map((item: string) => item.trim()).filter((item) => item !== '');
  }
  warnings.push('allowed-tools: expected a text or a list of texts; it is left out');
  return undefined;
}

/** Splits at spaces and commas, except in parentheses: `Bash(git add:*), Read` are two. */
function splitTools(list: string): readonly string[] {
  return list.match(/(?:[^\s,(]|\([^)]*\)?)+/g) ?? [];
}

function textOf(raw: Json | undefined): string | undefined {
  return typeof raw === 'string' ? raw.trim() : undefined;
}
