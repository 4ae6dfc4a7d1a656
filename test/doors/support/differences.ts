import type { ApiErrorCode } from '@execgo/core';
import type { DoorName, Refusal } from './door.js';

export interface KnownDifference {
  readonly door: DoorName;
  /** Name of the case. */
  readonly of: string;
  /** Which of its steps, from 0. */
  readonly step: number;
  readonly reason: string;
  /** What this door answers instead; exactly that. */
  readonly answer: Refusal;
}

const ARGUMENTS = 'a tool of MCP checks the names of its arguments itself, as its inputSchema says';
const OWN_NAME = 'the argument has the name, and the form, that this door gives it';
const BEFORE_THE_CALL = 'refused before anything is sent, in the words of the caller’s own side';
const HEADER_SIZE = 'the message of a status of gRPC is a header: it is cut where it would take more than 2 KiB there';
const V1_WORDING = 'the first version worded this error otherwise over gRPC';
/** What goes into 2048 bytes: `task "` takes ten of them, and each of these twelve. */
const CUT_ID = '🙂'.repeat(169);

/** Where a door answers otherwise than the others, on purpose. Everything else that differs is a defect. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  ...differs('grpc', 'a type that no executor serves', V1_WORDING, {
    message: 'unknown task type "teleport" (available: [cli-skills mcp os runtime])',
  }),
  ...differs('grpc', 'the id "🙂🙂🙂🙂… (256 characters)" is an ordinary one', HEADER_SIZE, {
    step: 3,
    code: 'conflict',
    message: `task "${CUT_ID}…`,
  }),
  ...differs('grpc', 'a reason that is too long', OWN_NAME, { message: 'reason: at most 1000 characters' }),
  ...differs('grpc', 'a list from a cursor that nobody gave out', OWN_NAME, {
    message: 'page_token: is not one that this server gave out',
  }),
  ...differs('mcp', 'no list at all', ARGUMENTS, { message: 'tasks: is required' }),
  ...differs('mcp', 'a list of tasks under a name that nearly is its own', ARGUMENTS, {
    message: 'tasks: is required',
  }),
  ...differs('mcp', 'an unknown field beside the tasks is ignored, and named in the warnings', ARGUMENTS, {
    message: 'explanation: is no argument of this tool (it has: tasks, idempotency_key)',
  }),
  ...differs('mcp', 'a reason that is too long', OWN_NAME, { message: 'reason: expected at most 1000 characters' }),
  ...differs('mcp', 'a list by a status that there is not', OWN_NAME, {
    message: 'status: expected one of pending, running, success, failed, skipped',
  }),
  ...differs('mcp', 'a list from a cursor that nobody gave out', OWN_NAME, {
    message: 'cursor: expected next_cursor of an earlier answer',
  }),
  ...differs('cli', 'a list by a status that there is not', BEFORE_THE_CALL, {
    message:
      "option '--status <status>' argument 'done' is invalid. Allowed choices are pending, running, success, failed, skipped.",
  }),
  ...(['cli', 'client'] as const).flatMap((door) => [
    ...differs(door, 'a key that cannot be used: a b', BEFORE_THE_CALL, { message: badKey('a b') }),
    ...differs(door, 'a key that cannot be used: too long', BEFORE_THE_CALL, { message: badKey('x'.repeat(257)) }),
  ]),
];

/** How many cases do not go through a door, because it has nothing for them. */
export const NOT_OFFERED: Readonly<Record<string, number>> = {
  'cli: the command line has no command that deletes': 5,
  'grpc: a field of protobuf takes values of its own type and no other': 11,
  'grpc: a message of protobuf has the fields of its schema and no other': 4,
  'grpc: gRPC has no call that shows or cancels a submission as a whole': 3,
  'mcp: MCP has no tool that deletes': 5,
  'mcp: list_tasks of MCP has no filter by annotation': 1,
};

interface Answer {
  readonly step?: number;
  readonly code?: ApiErrorCode;
  readonly message: string;
}

function differs(
  door: DoorName,
  of: string,
  reason: string,
  { step = 0, code = 'invalid_input', message }: Answer,
): readonly KnownDifference[] {
  return [{ door, of, step, reason, answer: { error: { code, message } } }];
}

function badKey(key: string): string {
  return `option idempotencyKey: expected 1–256 visible ASCII characters, got ${JSON.stringify(key)}`;
}
