import { describe, expect, it } from 'vitest';
import { resolvePolicy } from '../src/policy.js';
import { resolveSettings } from '../src/settings/resolve-settings.js';
import type { SettingsInput } from '../src/settings/table.js';

function policyOf(options: SettingsInput, hasToken = false) {
  return resolvePolicy(resolveSettings({ options }).settings, hasToken);
}

const EVERYWHERE = [':8080', '0.0.0.0:8080', '[::]:8080', '192.168.1.5:8080', 'host.example:8080'];

it.each(EVERYWHERE)('on %s it refuses to start without a token, and says what to do', (addr) => {
  expect(() => policyOf({ addr })).toThrow(
    `${addr} can be reached from other machines, and no token is set: give one with --token-file`,
  );
  expect(policyOf({ addr }, true).exposure).toBe('network');
  expect(policyOf({ addr, allowUnauthenticated: true }).exposure).toBe('network');
});

it.each(['127.0.0.1:8080', '127.9.9.9:0', 'localhost:8080', '[::1]:8080'])('on %s none is needed', (addr) => {
  expect(policyOf({ addr }).exposure).toBe('loopback');
});

describe('gRPC: the exposure of each address is judged by itself', () => {
  it.each(EVERYWHERE)('gRPC on %s needs a token too, whatever HTTP does', (grpcAddr) => {
    expect(() => policyOf({ grpcAddr })).toThrow(`${grpcAddr} can be reached from other machines, and no token is set`);
    expect(() => policyOf({ grpcAddr, profile: 'legacy' }, true)).toThrow('the legacy profile is for loopback alone');
    expect(policyOf({ grpcAddr }, true)).toMatchObject({ exposure: 'loopback', grpcExposure: 'network' });
    expect(policyOf({ grpcAddr, allowUnauthenticated: true }).grpcExposure).toBe('network');
  });

  it('gRPC on loopback does not excuse HTTP beyond it, nor make it loopback', () => {
    expect(() => policyOf({ addr: ':1', grpcAddr: '127.0.0.1:2' })).toThrow(':1 can be reached from other machines');
    expect(policyOf({ addr: ':1', grpcAddr: '127.0.0.1:2' }, true)).toMatchObject({
      exposure: 'network',
      grpcExposure: 'loopback',
    });
  });

  it('egress is local only where both are on loopback', () => {
    expect(policyOf({ grpcAddr: '127.0.0.1:2' }).egress).toBe('local');
    expect(policyOf({ grpcAddr: ':2' }, true).egress).toBe('standard');
  });
});

it('egress is local on loopback and standard beyond, unless it is set', () => {
  expect(policyOf({}).egress).toBe('local');
  expect(policyOf({ addr: ':1' }, true).egress).toBe('standard');
  expect(policyOf({ addr: ':1', egress: 'open' }, true).egress).toBe('open');
});

it('the sandbox is auto, unless it is set', () => {
  expect(policyOf({}).sandbox).toBe('auto');
  expect(policyOf({ sandbox: 'required' }).sandbox).toBe('required');
});

describe('the legacy profile', () => {
  it('opens shell, files, environment and egress, and runs without a sandbox', () => {
    expect(policyOf({ profile: 'legacy' })).toEqual({
      exposure: 'loopback',
      shell: 'open',
      egress: 'open',
      sandbox: 'off',
      legacy: true,
    });
  });

  it('leaves what is set explicitly', () => {
    expect(policyOf({ profile: 'legacy', shellPolicy: 'allowlist', egress: 'strict', sandbox: 'auto' })).toMatchObject({
      shell: 'allowlist',
      egress: 'strict',
      sandbox: 'auto',
    });
  });

  it.each(EVERYWHERE)('is refused on %s, token or not', (addr) => {
    expect(() => policyOf({ addr, profile: 'legacy' }, true)).toThrow('the legacy profile is for loopback alone');
  });
});
