import type { JsonObject } from '@execgo/core';
import type { RunStatus } from './run-status.js';

/** What a task is given for a run: its output, as much as a result may hold, and how it ended. */
export function runResult(status: RunStatus, maxOutputBytes: number): JsonObject {
  const [stdout, stderr] = [clip(status.stdout, maxOutputBytes), clip(status.stderr, maxOutputBytes)];
  const truncated = status.truncated || stdout !== status.stdout || stderr !== status.stderr;
  return {
    stdout,
    stderr,
    exit_code: status.exitCode ?? -1,
    ...(status.exitSignal !== undefined && { exit_signal: status.exitSignal }),
    ...(truncated && { truncated: true }),
    ...(status.durationMs !== undefined && { duration_ms: status.durationMs }),
  };
}

/** At most so many bytes of UTF-8, without half a character at the end. */
function clip(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // A byte 10xxxxxx goes on with the character before it.
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}
