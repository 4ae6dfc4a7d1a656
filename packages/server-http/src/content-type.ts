import { ExecGoError } from '@execgo/core';

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+";
const JSON_TYPE = new RegExp(`^application/json\\s*((?:;\\s*(?:${TOKEN}=(?:${TOKEN}|"[^"\\\\]*")\\s*)?)*)$`, 'i');
const CHARSET = /;\s*charset="?([^";\s]*)/i;

/**
 * Whether a request says that its body is JSON; false when it does not say what it is. Only `application/json` counts: a web
 * page can send `text/plain` or a form anywhere without asking.
 *
 * @throws ExecGoError `unsupported_media_type`
 */
export function declaresJson(headers: Headers): boolean {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== '' && encoding.toLowerCase() !== 'identity') {
    throw new ExecGoError('unsupported_media_type', `Content-Encoding ${JSON.stringify(encoding)} is not supported`);
  }
  const type = headers.get('content-type');
  if (type === 'application/json') return true;
  if (type === null || type === '') return false;
  const parameters = JSON_TYPE.exec(type)?.[1];
  const charset = parameters === undefined ? undefined : (CHARSET.exec(parameters)?.[1] ?? 'utf-8');
  if (charset?.toLowerCase() !== 'utf-8') throw notJson(`Content-Type ${JSON.stringify(type)}`);
  return true;
}

export function notJson(given: string): ExecGoError {
  return new ExecGoError('unsupported_media_type', `${given} is not supported: send application/json in UTF-8`);
}
