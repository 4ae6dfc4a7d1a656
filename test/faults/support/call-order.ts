import { basename, dirname } from 'node:path';
import type { DurableStore } from './stores.js';
import { created, extentOf, isSync, isWrite, renamed, type TracedCall } from './trace.js';

/**
 * Where a store did not keep the order of calls that makes a power cut harmless, in words; empty when all is well:
 * before an acknowledgement goes out its log is flushed, and the name of that log too; a new version of a file is flushed
 * before it takes its name, and the directory after that, before anything is removed that the old version needs.
 */
export function orderViolations(trace: readonly TracedCall[], store: DurableStore, directory: string): string[] {
  const disk = new DiskState(store, directory);
  return trace.flatMap((call) => disk.take(call)).concat(disk.end());
}

/** The calls of the first replacement of a file by a rename, from its creation under another name on, each kind once. */
export function stepsOfReplacing(trace: readonly TracedCall[], path: string): readonly string[] {
  const at = trace.findIndex((call) => renamed(call)?.[1] === path);
  const [from] = renamed(trace[at] as TracedCall) ?? [''];
  const before = trace.slice(0, at).filter((call) => call.path === from);
  const after = trace.slice(at + 1).find((call) => isSync(call) && call.path === dirname(path));
  const steps = [...before, trace[at] as TracedCall, ...(after === undefined ? [] : [after])].map(stepName);
  return steps.filter((step, index) => step !== steps[index - 1]);
}

function stepName(call: TracedCall): string {
  if (isWrite(call)) return 'write';
  if (renamed(call) !== undefined) return 'rename';
  return created(call) === undefined ? call.name : 'create';
}

class DiskState {
  /** Files with writes that were not flushed. */
  private readonly dirty = new Set<string>();
  /** Files of the directory that were made by these calls. */
  private readonly known = new Set<string>();
  /** Names that came to be and were not flushed. */
  private readonly newNames = new Set<string>();
  /** Since the last acknowledgement. */
  private logWasFlushed = false;

  constructor(
    private readonly store: DurableStore,
    private readonly directory: string,
  ) {}

  take(call: TracedCall): readonly string[] {
    if (isWrite(call) && call.args.includes('"ack ')) return this.acknowledged(call);
    const names = renamed(call);
    if (names !== undefined) return this.renamed(...names);
    const made = created(call);
    if (made !== undefined) this.made(made);
    else if (isWrite(call)) return this.written(call);
    else if (call.name === 'ftruncate') return this.logGoes(call.path, 'shortened');
    else if (isSync(call) && call.result === '0') this.flushed(call.path);
    else if (call.name.startsWith('unlink')) return this.removed(call.path);
    return [];
  }

  end(): readonly string[] {
    return [...this.newNames]
      .filter((path) => this.store.isLog(basename(path)) || this.isReplaced(basename(path)))
      .map((path) => `the directory is not flushed after ${basename(path)} took its name`);
  }

  private isReplaced(name: string): boolean {
    return this.store.replaced.includes(name);
  }

  /** Each append is acknowledged by itself. What a store writes for itself between two of them may still be on its way. */
  private acknowledged(call: TracedCall): readonly string[] {
    const isFlushed = this.logWasFlushed;
    this.logWasFlushed = false;
    const unnamed = [...this.newNames].filter((path) => this.store.isLog(basename(path)));
    return [
      ...(isFlushed ? [] : [`no log was written and flushed before this went out: ${call.args}`]),
      ...unnamed.map((path) => `the name ${basename(path)} is not flushed when this goes out: ${call.args}`),
    ];
  }

  private renamed(from: string, to: string): readonly string[] {
    if (dirname(to) !== this.directory) return [];
    const wasDirty = this.dirty.delete(from);
    this.known.delete(from);
    this.newNames.delete(from);
    this.known.add(to);
    this.newNames.add(to);
    if (!wasDirty || !this.isReplaced(basename(to))) return [];
    return [`${basename(from)} is not flushed when it is renamed to ${basename(to)}`];
  }

  private made(path: string): void {
    if (dirname(path) !== this.directory || this.known.has(path)) return;
    this.known.add(path);
    this.newNames.add(path);
  }

  private written(call: TracedCall): readonly string[] {
    const { path } = call;
    this.dirty.add(path);
    const unflushed = [...this.dirty].filter((log) => this.store.isLog(basename(log)));
    const tooEarly = this.isChanged(path) ? unflushed : [];
    return [
      ...tooEarly.map((log) => `${basename(path)} is changed before ${basename(log)} is flushed`),
      ...(extentOf(call).offset === 0 ? this.logGoes(path, 'begun anew') : []),
    ];
  }

  private isChanged(path: string): boolean {
    return dirname(path) === this.directory && this.store.changed.includes(basename(path));
  }

  private logGoes(path: string, how: string): readonly string[] {
    if (!this.store.isLog(basename(path))) return [];
    const unflushed = [...this.dirty].filter((file) => this.isChanged(file));
    return unflushed.map((file) => `${basename(path)} is ${how} before ${basename(file)} is flushed`);
  }

  private flushed(path: string): void {
    if (this.dirty.delete(path) && this.store.isLog(basename(path))) this.logWasFlushed = true;
    if (path === this.directory) this.newNames.clear();
  }

  private removed(path: string): readonly string[] {
    this.known.delete(path);
    this.newNames.delete(path);
    this.dirty.delete(path);
    if (!this.store.isLog(basename(path))) return [];
    const unnamed = [...this.newNames].filter((name) => this.isReplaced(basename(name)));
    return [
      ...unnamed.map((name) => `${basename(path)} is removed before the name ${basename(name)} is flushed`),
      ...this.logGoes(path, 'removed'),
    ];
  }
}
