import type { Style, StyleName } from '../terminal/style.js';
import type { TaskState } from './graph-progress.js';

interface Look {
  readonly mark: string;
  readonly style: StyleName;
}

const LOOKS: Readonly<Record<TaskState, Look>> = {
  pending: { mark: '·', style: 'dim' },
  running: { mark: '▶', style: 'cyan' },
  retrying: { mark: '↻', style: 'yellow' },
  success: { mark: '✔', style: 'green' },
  failed: { mark: '✖', style: 'red' },
  cancelled: { mark: '■', style: 'yellow' },
  skipped: { mark: '⊘', style: 'yellow' },
};

/** States in the order in which they are counted up for people. */
const STATES_IN_ORDER: readonly TaskState[] = [
  'success',
  'failed',
  'cancelled',
  'skipped',
  'running',
  'retrying',
  'pending',
];

export function stateMark(state: TaskState, style: Style): string {
  const look = LOOKS[state];
  return style(look.style, look.mark);
}

/** `3 success, 1 failed`, without those that there are none of. */
export function countsText(count: (state: TaskState) => number, style: Style): string {
  return STATES_IN_ORDER.filter((state) => count(state) > 0)
    .map((state) => style(LOOKS[state].style, `${count(state)} ${state}`))
    .join(', ');
}
