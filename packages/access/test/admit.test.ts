import { describe, expect, it } from 'vitest';
import {
  actorOf,
  authenticate,
  checkPeer,
  identify,
  may,
  requireScope,
  resolveAccess,
  type Scope,
} from '../src/index.js';

const tokens = [
  { name: 'viewer', token: 'view', scopes: ['read'] },
  { name: 'producer', token: 'give', scopes: ['submit'] },
  { name: 'root', token: 'all', scopes: ['admin'] },
] as const;
const access = resolveAccess({ exposure: 'network', token: 'plain', tokens });

describe('who a token makes of its caller', () => {
  it.each([
    ['view', 'viewer', ['read']],
    ['give', 'producer', ['submit']],
    ['all', 'root', ['read', 'submit', 'admin']],
    ['plain', undefined, ['read', 'submit', 'admin']],
  ])('%s: %s may %j', (token, name, allowed) => {
    const caller = authenticate(access, `Bearer ${token}`);
    expect(caller.name).toBe(name);
    expect((['read', 'submit', 'admin'] as Scope[]).filter((scope) => may(caller, scope))).toEqual(allowed);
    expect(actorOf(caller)).toEqual(name === undefined ? {} : { actor: name });
  });

  it.each([null, undefined, '', 'Bearer', 'Bearer vie', 'Bearer viewer', `Basic ${btoa('view:')}`])(
    '%j is a stranger',
    (authorization) => {
      expect(identify(access, authorization)).toBeUndefined();
      expect(() => authenticate(access, authorization)).toThrow(/token/);
    },
  );

  it('a scope that is lacking is named, beside those that are there', () => {
    const viewer = authenticate(access, `Basic ${btoa('any:view')}`);
    expect(() => requireScope(viewer, 'read')).not.toThrow();
    expect(() => requireScope(viewer, 'submit')).toThrow(
      'the token "viewer" does not have the scope submit (it has: read)',
    );
  });

  it('where no token is asked for, everybody may do everything', () => {
    const caller = authenticate(resolveAccess(), null);
    expect(() => requireScope(caller, 'admin')).not.toThrow();
    expect(actorOf(caller)).toEqual({});
  });
});

describe('where a connection comes from', () => {
  it('without a token only this machine may call, with named ones anybody who has one', () => {
    expect(() => checkPeer(resolveAccess(), '10.0.0.5')).toThrow('its own machine');
    expect(() => checkPeer(resolveAccess(), '::1')).not.toThrow();
    expect(() => checkPeer(resolveAccess({ tokens }), '10.0.0.5')).not.toThrow();
  });
});
