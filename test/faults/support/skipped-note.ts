/** For the name of a test that cannot run on this machine: that it was skipped, and why. */
export function skippedNote(why: string | undefined): string {
  return why === undefined ? '' : ` [skipped: ${why}]`;
}
