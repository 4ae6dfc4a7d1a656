import type { TaskFilter } from '@execgo/client';
import { TASK_STATUSES, type TaskStatus } from '@execgo/core';
import { type Command, InvalidArgumentError, Option } from 'commander';

interface FilterFlags {
  readonly status?: TaskStatus;
  readonly type?: string;
  readonly graph?: string;
  readonly handle?: string;
  readonly annotation?: Readonly<Record<string, string>>;
}

export function addFilterFlags(command: Command): Command {
  return command
    .addOption(new Option('--status <status>', 'only with this status').choices([...TASK_STATUSES]))
    .option('--type <type>', 'only of this type, such as os')
    .option('--graph <id>', 'only of this graph')
    .option('--handle <id>', 'only the one with this handle')
    .option('--annotation <key=value>', 'only with this annotation; may be repeated', annotation);
}

export function filterOf(command: Command): TaskFilter {
  const { status, type, graph, handle, annotation: annotations } = command.opts<FilterFlags>();
  return {
    ...(status !== undefined && { status }),
    ...(type !== undefined && { type }),
    ...(graph !== undefined && { graphId: graph }),
    ...(handle !== undefined && { handleId: handle }),
    ...(annotations !== undefined && { annotations }),
  };
}

function annotation(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected key=value.');
  return Object.fromEntries([...Object.entries(before), [text.slice(0, at), text.slice(at + 1)]]);
}
