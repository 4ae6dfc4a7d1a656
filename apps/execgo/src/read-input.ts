import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExecGoError } from '@execgo/core';
import type { CliContext } from './commands/command.js';

const STDIN = '-';

/**
 * JSON from a file, or from stdin for `-`.
 *
 * @throws ExecGoError `unavailable` for a file that cannot be read, `invalid_input` for what is no JSON
 */
export async function readJsonInput(cli: CliContext, file: string): Promise<unknown> {
  const place = file === STDIN ? 'stdin' : file;
  const text = file === STDIN ? await readStdin(cli) : await readText(resolve(cli.cwd, file), file);
  if (text.trim() === '') throw new ExecGoError('invalid_input', `${place}: expected JSON, got nothing`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ExecGoError('invalid_input', `${place}: invalid JSON: ${(cause as SyntaxError).message}`, { cause });
  }
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'there is no such file' : message;
    throw new ExecGoError('unavailable', `${shown} cannot be read: ${problem}`, { cause });
  }
}

async function readStdin({ stdin }: CliContext): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
