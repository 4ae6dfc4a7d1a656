import { describe, expect, it, vi } from 'vitest';
import { childEnvironment } from '../src/index.js';

const identity = { runId: 'store/task/1', taskId: 'task', attempt: 1 };
describe('the environment of a child', () => {
  it('is PATH, HOME, LANG, TZ, the run and what is declared', () => {
    vi.stubEnv('PATH', '/bin');
    vi.stubEnv('HOME', '/home/me');
    vi.stubEnv('LANG', 'C.UTF-8');
    vi.stubEnv('TZ', 'UTC');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('EXECGO_TOKEN', 'secret');
    vi.stubEnv('EXECGO_REDIS_URL', 'redis://:secret@host');
    expect({ ...childEnvironment({ identity, declared: { COLOUR: 'blue', LANG: 'de' } }) }).toEqual({
      EXECGO_RUN: 'store/task/1',
      EXECGO_TASK_ID: 'task',
      EXECGO_ATTEMPT: '1',
      PATH: '/bin',
      HOME: '/home/me',
      LANG: 'de',
      TZ: 'UTC',
      COLOUR: 'blue',
    });
  });

  it('has a PATH even where this process has none', () => {
    vi.stubEnv('PATH', undefined);
    expect(childEnvironment({}).PATH).toContain('/usr/bin');
  });

  it('inherited as a whole still holds none of ExecGo’s own variables', () => {
    vi.stubEnv('EXECGO_TOKEN', 'secret');
    vi.stubEnv('COLOUR', 'blue');
    const environment = childEnvironment({ inherit: true });
    expect(environment.COLOUR).toBe('blue');
    expect(Object.keys(environment).filter((name) => name.startsWith('EXECGO_'))).toEqual([]);
  });

  it('can hold a variable named __proto__', () => {
    const declared = JSON.parse('{"__proto__": "x"}') as Record<string, string>;
    expect(Object.entries(childEnvironment({ declared }))).toContainEqual(['__proto__', 'x']);
  });

  it.each([
    [{ '': 'x' }, 'invalid_input'],
    [{ 'A=B': 'x' }, 'invalid_input'],
    [{ 'A\0': 'x' }, 'invalid_input'],
    [{ A: 'x\0y' }, 'invalid_input'],
    [{ EXECGO_RUN: 'other/task/1' }, 'denied'],
    [{ execgo_token: 'x' }, 'denied'],
  ])('cannot be declared to hold %j', (declared, code) => {
    expect(() => childEnvironment({ declared: declared as unknown as Record<string, string> })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('carries any task id that a state file may hold', () => {
    const odd = { runId: `store/${'ü'.repeat(5000)}\0/1`, taskId: 'a\0b', attempt: 1 };
    const environment = childEnvironment({ identity: odd });
    expect(environment.EXECGO_RUN).toMatch(/^store\/sha256:[0-9a-f]{64}$/);
    expect(environment).not.toHaveProperty('EXECGO_TASK_ID');
  });
});
