import type { RunGroup } from './run-groups.js';

/** Enters the groups named before `--`, then becomes the command after it. */
const ENTER = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit 125; shift; done; shift; exec "$@"';

interface Argv {
  readonly file: string;
  readonly args: readonly string[];
}

/** A command that is in the cgroups of a run before its first instruction, and so is all that it starts. */
export function enteringGroup({ file, args }: Argv, group: RunGroup): Argv {
  return { file: '/bin/sh', args: ['-c', ENTER, 'sh', ...group.entrances, '--', file, ...args] };
}
