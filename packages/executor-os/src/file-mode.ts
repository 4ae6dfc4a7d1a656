import type { Stats } from 'node:fs';

const SETUID = 0o4000;
const SETGID = 0o2000;
const STICKY = 0o1000;
const PERMISSIONS = 'rwxrwxrwx';

/**
 * A file mode as Go's `fs.FileMode.String` prints it, which is what clients of the original know: type and special bits as
 * letters (`d`, `L`, `D`, `p`, `S`, `u`, `g`, `c`, `t`, in that order; `-` for none), then nine for the permissions.
 */
export function formatFileMode(stats: Stats): string {
  let letters = '';
  if (stats.isDirectory()) letters += 'd';
  if (stats.isSymbolicLink()) letters += 'L';
  if (stats.isBlockDevice() || stats.isCharacterDevice()) letters += 'D';
  if (stats.isFIFO()) letters += 'p';
  if (stats.isSocket()) letters += 'S';
  if (stats.mode & SETUID) letters += 'u';
  if (stats.mode & SETGID) letters += 'g';
  if (stats.isCharacterDevice()) letters += 'c';
  if (stats.mode & STICKY) letters += 't';
  const permissions = [...PERMISSIONS].map((letter, at) => (stats.mode & (1 << (8 - at)) ? letter : '-'));
  return (letters || '-') + permissions.join('');
}
