import { SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { isSessionGone } from '../src/connection/session-gone.js';
import { ConnectionLost } from '../src/transport/connection-lost.js';

const answer = (status: number, text: string) =>
  new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, text, { status, text });

describe('a session that the server has forgotten', () => {
  it.each([
    [404, ''],
    [400, '{"error":{"message":"Bad Request: No valid session ID provided"}}'],
    [400, 'Session not found'],
    [400, 'Session ID is expired'],
    [400, 'unknown session'],
    [400, 'Missing session ID'],
  ])('is known by %i %j, where there was one', (status, text) => {
    expect(isSessionGone(answer(status, text), true)).toBe(true);
    expect(isSessionGone(answer(status, text), false)).toBe(false);
  });

  it.each([
    [400, 'the training session is full'],
    [400, 'sessions: expected a number'],
    [500, 'Session not found'],
  ])('is not what %i %j means', (status, text) => {
    expect(isSessionGone(answer(status, text), true)).toBe(false);
  });

  it('what was never sent needs no session', () => {
    expect(isSessionGone(new ConnectionLost('refused', false), false)).toBe(true);
    expect(isSessionGone(new ConnectionLost('broken', true), true)).toBe(false);
  });
});
