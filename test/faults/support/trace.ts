import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Calls that change a disk or make a change durable, and what acknowledgements go out by. */
const CALLS = 'openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat';

export interface TracedCall {
  readonly name: string;
  /** Path of the file that it is about: of the descriptor, or the first that it names. */
  readonly path: string;
  /** As strace shows them. */
  readonly args: string;
  readonly result: string;
  /** Whether strace made it fail, or end otherwise than the kernel would have. */
  readonly injected: boolean;
}

export interface StraceOptions {
  readonly log: string;
  /** `-e inject=…`, without that. */
  readonly inject?: string;
  /** Only calls about these files. @default all */
  readonly paths?: readonly string[];
}

/** Why strace cannot be used here; undefined where it can. */
export const whyNoStrace: string | undefined = (() => {
  try {
    execFileSync('strace', ['-f', '-o', '/dev/null', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `strace cannot be used here: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`;
  }
})();

/**
 * What to start a process through so that its calls are written down, and one fails if so wished. The process is the child
 * itself (`-D`): its pid, its end and its signals are those of an untraced one.
 */
export function strace({ log, inject, paths = [] }: StraceOptions): readonly string[] {
  return [
    'strace',
    ...['-D', '-f', '-qq', '-y', '-s', '48', '-o', log, '-e', `trace=${CALLS}`],
    // Quicker by much, but a signal is never injected then (strace 6.1).
    ...(inject?.includes('signal=') === true ? [] : ['--seccomp-bpf']),
    ...(inject === undefined ? [] : ['-e', `inject=${inject}`]),
    ...paths.flatMap((path) => ['-P', path]),
  ];
}

/** The calls of a log in the order in which they ended; one that never ended comes last, without a result. */
export function readTrace(log: string): readonly TracedCall[] {
  const calls: TracedCall[] = [];
  const begun = new Map<string, string>();
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const whole = resumed === null ? text : (begun.get(pid) ?? '') + resumed[1];
    if (resumed !== null) begun.delete(pid);
    const unfinished = /^(.*?) *<unfinished \.\.\.>$/.exec(whole);
    if (unfinished !== null) begun.set(pid, unfinished[1] ?? '');
    else calls.push(...parsed(whole));
  }
  return [...calls, ...[...begun.values()].flatMap((text) => parsed(`${text}) = ?`))];
}

function parsed(text: string): readonly TracedCall[] {
  const match = /^(\w+)\((.*)\) += (.*)$/.exec(text);
  if (match === null) return [];
  const [, name = '', args = '', result = ''] = match;
  const path = /^\d+<(.*?)>/.exec(args)?.[1] ?? /"(.*?)"/.exec(args)?.[1] ?? '';
  return [{ name, args, result: result.replace(/ \(INJECTED\)/, ''), path, injected: result.includes('INJECTED') }];
}

export function fileOf(call: TracedCall): string {
  return basename(call.path);
}

export function isSync(call: TracedCall): boolean {
  return call.name === 'fsync' || call.name === 'fdatasync';
}

export function isWrite(call: TracedCall): boolean {
  return call.name === 'write' || call.name === 'pwrite64';
}

/** Bytes that a write with a place was told to write, and the place. */
export function extentOf({ args }: TracedCall): { readonly length: number; readonly offset: number } {
  const [, length = '', offset = ''] = /, (\d+), (\d+)$/.exec(args) ?? [];
  return { length: Number(length), offset: Number(offset) };
}

/** `[from, to]` of a rename that succeeded. */
export function renamed(call: TracedCall): readonly [string, string] | undefined {
  if (!call.name.startsWith('rename') || call.result !== '0') return undefined;
  const [from, to] = [...call.args.matchAll(/"(.*?)"/g)].map((match) => match[1] ?? '');
  return from === undefined || to === undefined ? undefined : [from, to];
}

/** The path of a file that it made. */
export function created(call: TracedCall): string | undefined {
  if (call.name !== 'openat' || !call.args.includes('O_CREAT') || call.result.startsWith('-1')) return undefined;
  return /"(.*?)"/.exec(call.args)?.[1];
}
