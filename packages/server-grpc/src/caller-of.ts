import { authenticate, type Caller, checkSource, identify, NAMELESS, requireScope, type Scope } from '@execgo/access';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { ResolvedServerOptions } from './server-options.js';

/** What a method asks of its caller: a scope of the token, any known token, or nothing. */
export type Need = Scope | 'token' | 'nothing';

/** Whom a call comes from. */
export interface Admission {
  readonly caller: Caller;
  /** Whether the caller may know what is not for everybody: false for a stranger at a method that asks nothing. */
  readonly isKnown: boolean;
}

/**
 * Judges a call by its metadata, before any message of it is read.
 *
 * @throws ExecGoError `denied`, `unauthenticated`
 */
export function admit(
  { access }: ResolvedServerOptions,
  need: Need,
  metadata: Metadata,
  call: Pick<ServerInterceptingCallInterface, 'getHost' | 'getConnectionInfo'>,
): Admission {
  const get = (name: string) => (name === 'host' ? (call.getHost() ?? null) : textOf(metadata, name));
  checkSource(access, { get }, call.getConnectionInfo().remoteAddress);
  const authorization = textOf(metadata, 'authorization');
  if (need === 'nothing') {
    const caller = identify(access, authorization);
    return { caller: caller ?? NAMELESS, isKnown: caller !== undefined };
  }
  const caller = authenticate(access, authorization);
  if (need !== 'token') requireScope(caller, need);
  return { caller, isKnown: true };
}

/** As HTTP reads a header that is there more than once. */
export function textOf(metadata: Metadata, name: string): string | null {
  const values = metadata.get(name);
  return values.length === 0 ? null : values.join(', ');
}
