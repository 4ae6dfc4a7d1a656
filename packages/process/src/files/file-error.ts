import { ExecGoError, errorMessage, isExecGoError } from '@execgo/core';

/** An error of the file system in the words of the wire; what is already one of ours passes. */
export function fileError(error: unknown, path: string): ExecGoError {
  if (isExecGoError(error)) return error;
  const shown = JSON.stringify(path);
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return new ExecGoError('not_found', `file not found: ${shown}`, { cause: error });
    case 'ENOTDIR':
      return new ExecGoError('invalid_input', `path ${shown}: a part of it is not a folder`, { cause: error });
    case 'EISDIR':
      return new ExecGoError('invalid_input', `path ${shown} is a folder`, { cause: error });
    case 'ENAMETOOLONG':
      return new ExecGoError('invalid_input', `path ${shown} is too long`, { cause: error });
    case 'ELOOP':
      return linkError(path);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ExecGoError('denied', `path ${shown}: ${errorMessage(error)}`, { cause: error });
    default:
      return new ExecGoError('external_failure', `path ${shown}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Links are refused wherever they lead: where one leads can change between a look and the use. */
export function linkError(path: string): ExecGoError {
  return new ExecGoError('denied', `path ${JSON.stringify(path)} goes through a symbolic link, which is not followed`);
}

export function notRegular(path: string): ExecGoError {
  return new ExecGoError('denied', `path ${JSON.stringify(path)} is neither a regular file nor a folder`);
}
