import type { ExecGoClient } from '@execgo/client';
import type { Command } from 'commander';
import type { CliContext } from '../commands/command.js';
import { EXIT } from '../exit-status.js';
import { failWith, jsonLine } from '../json-result.js';
import { plainText } from '../terminal/plain-text.js';
import { type Style, styleFor } from '../terminal/style.js';
import { USUAL_SIZE } from '../terminal/terminal-size.js';
import { connect } from './connection.js';
import { failedCall } from './failure.js';

/** How text for people looks. */
export interface Look {
  readonly style: Style;
  readonly columns: number;
}

export interface AnswerOptions<T> {
  /** What people read on a terminal; without it everybody gets JSON. */
  readonly text?: (data: T, look: Look) => string;
  /** The data as JSON, in pieces, where it may be more than should be held as one text. @default in one */
  readonly pieces?: (data: T) => Iterable<string>;
  /** @default EXIT.ok */
  readonly status?: (data: T) => number;
}

/** Gives a command that speaks to people the flag that has it speak to programs. */
export function addJsonFlag(command: Command): Command {
  return command.option('--json', 'print JSON on a terminal too');
}

/** Whether stdout is for people: a terminal, and no `--json`. */
export function isForPeople(command: Command, { isStdoutTerminal }: CliContext): boolean {
  return isStdoutTerminal === true && command.opts<{ json?: boolean }>().json !== true;
}

export function lookOf({ env, isStdoutTerminal, terminalSize }: CliContext): Look {
  return { style: styleFor(isStdoutTerminal, env), columns: (terminalSize?.() ?? USUAL_SIZE).columns };
}

/**
 * Asks a server, and prints what came: `{"ok":true,"data":…}` or `{"ok":false,"error":{…}}` on stdout, or text for people, whose
 * errors go to stderr. Resolves to the exit status. @throws SettingsError for arguments that cannot be used
 */
export async function answer<T>(
  command: Command,
  cli: CliContext,
  ask: (client: ExecGoClient) => Promise<T>,
  { text, pieces, status = () => EXIT.ok }: AnswerOptions<T> = {},
): Promise<number> {
  const forPeople = text !== undefined && isForPeople(command, cli);
  try {
    const data = await ask(connect(command, cli));
    if (forPeople) cli.stdout(text(data, lookOf(cli)));
    else if (pieces === undefined) cli.stdout(jsonLine({ ok: true, data }));
    else await printPieces(cli, pieces(data));
    return status(data);
  } catch (error) {
    const failed = failedCall(error);
    if (!forPeople) return failWith(cli, failed.failure, failed.status);
    return tellPeople(cli, failed.text, failed.status);
  }
}

async function printPieces(cli: CliContext, pieces: Iterable<string>): Promise<void> {
  cli.stdout('{"ok":true,"data":');
  for (const piece of pieces) {
    cli.stdout(piece);
    await cli.drained?.();
  }
  cli.stdout('}\n');
}

/** The same for a command whose stdout is no JSON object: bytes, or a line for each event. */
export async function streaming(
  command: Command,
  cli: CliContext,
  run: (client: ExecGoClient) => Promise<void>,
): Promise<number> {
  try {
    await run(connect(command, cli));
    return EXIT.ok;
  } catch (error) {
    const { text, status } = failedCall(error);
    return tellPeople(cli, text, status);
  }
}

function tellPeople({ stderr }: CliContext, text: string, status: number): number {
  stderr(`error: ${plainText(text)}\n`);
  return status;
}
