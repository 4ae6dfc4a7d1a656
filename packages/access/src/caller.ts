import { ExecGoError } from '@execgo/core';
import { SCOPES, type Scope } from './scope.js';

/** Somebody whom a server has let in. */
export interface Caller {
  /** Name of the token that was presented, which events carry as `actor`; undefined where tokens have no names or none is asked for. */
  readonly name: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
}

/** Who calls where no token is asked for, or the one token without a name is presented. */
export const NAMELESS: Caller = { name: undefined, scopes: new Set(SCOPES) };

export function may(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope) || caller.scopes.has('admin');
}

/** @throws ExecGoError `denied` naming the scope that the caller's token lacks */
export function requireScope(caller: Caller, scope: Scope): void {
  if (may(caller, scope)) return;
  const token = caller.name === undefined ? 'this token' : `the token ${JSON.stringify(caller.name)}`;
  const has = [...caller.scopes].join(', ');
  throw new ExecGoError('denied', `${token} does not have the scope ${scope} (it has: ${has})`, { details: { scope } });
}

/** What the caller adds to the options of a kernel call that changes something. */
export function actorOf({ name }: Caller): { readonly actor?: string } {
  return name === undefined ? {} : { actor: name };
}
