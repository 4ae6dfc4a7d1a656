import { type Confinement, openSandbox } from '@execgo/process';
import { describe } from 'vitest';

const { confinement, state } = await openSandbox();

/** A sandbox, where this machine can have one. */
export const sandbox: Confinement = confinement;

/** Tests that need bubblewrap; skipped, with the reason in the title, where it does not work. */
export function describeSandboxed(title: string, body: () => void): void {
  const skipped = state.reason === undefined ? '' : ` (skipped: ${state.reason})`;
  describe.skipIf(state.reason !== undefined)(title + skipped, body);
}
