import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { type Confinement, openSandbox, type RunOptions, type RunOutcome } from '../../src/index.js';
import { sh } from './run.js';

const { confinement, state } = await openSandbox();

/** A sandbox, where this machine can have one. */
export const sandbox: Confinement = confinement;
export const limitedBy = state.limits;

/** Tests of what bubblewrap does; skipped, with the reason in the title, where it does not work. */
export function describeSandboxed(title: string, body: () => void): void {
  const skipped = state.reason === undefined ? '' : ` (skipped: ${state.reason})`;
  describe.skipIf(state.reason !== undefined)(title + skipped, body);
}

/** A folder of its own, removed with the test or, outside of one, with the file. */
export function freshFolder(atEnd: (cleanup: () => void) => void = onTestFinished): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'execgo-sandboxed-')));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs scripts in the sandbox, with one folder to write to, in which they begin. */
export function sandboxedIn(workspace: string) {
  return (script: string, options: Partial<RunOptions> & { readonly runId?: string } = {}): Promise<RunOutcome> =>
    sh(script, { confinement: sandbox, writable: [workspace], cwd: workspace, ...options });
}
