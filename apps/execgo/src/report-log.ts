import { type Logger, pino } from 'pino';

interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly task_id?: string;
}

/** Of pino. */
const ERROR_LEVEL = 50;

/**
 * A log for a command that reports to a person: what is a warning or worse becomes a sentence, all else is not told. What happens
 * to single tasks is reported by other means.
 */
export function createReportLog(note: (text: string) => void): Logger {
  const write = (line: string): void => {
    const { level, msg, task_id: taskId } = JSON.parse(line) as LogLine;
    if (taskId !== undefined) return;
    note(`${level >= ERROR_LEVEL ? 'error' : 'warning'}: ${msg ?? line.trim()}`);
  };
  return pino({ level: 'warn', base: null }, { write });
}
