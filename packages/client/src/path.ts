import { ExecGoOptionError } from './errors.js';

/**
 * An id as one segment of a path.
 *
 * @throws ExecGoOptionError for what no URL can name
 */
export function segment(option: string, id: string): string {
  if (typeof id !== 'string' || id === '') throw new ExecGoOptionError(option, 'a text that is not empty', id);
  // Every client takes these out of a path, also percent-encoded.
  if (id === '.' || id === '..')
    throw new ExecGoOptionError(option, 'something else than . and .., which no URL can name', id);
  try {
    return encodeURIComponent(id);
  } catch {
    throw new ExecGoOptionError(option, 'well-formed Unicode', id);
  }
}
