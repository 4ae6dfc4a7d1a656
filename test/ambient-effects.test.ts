import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ambientEffects } from './support/ambient-effects.js';

/** The one file that turns a `Clock` into real time. */
const SYSTEM_CLOCK = /(^|\/)system-clock\.ts$/;

function effectsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => path.endsWith('.ts') && !SYSTEM_CLOCK.test(path))
    .flatMap((path) => ambientEffects(readFileSync(path, 'utf8')).map((place) => `${path}:${place}`));
}

it.each(['core', 'scheduler'])('%s takes time and timers from its Clock alone', (name) => {
  expect(effectsIn(`packages/${name}/src`)).toEqual([]);
});

describe('the checker', () => {
  it('sees every way to read the time, to set a timer and to reach the network', () => {
    const source = [
      'const a = Date.now();',
      'const b = new Date();',
      'setTimeout(() => {}, 1);',
      'const later = setImmediate;',
      'const c = performance.now();',
      "await fetch('https://example.org');",
    ].join('\n');
    expect(ambientEffects(source).map((place) => place.split(':')[0])).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('lets pass given dates, names of members, comments and strings', () => {
    const source = [
      'const a = new Date(0).toISOString();',
      'const b = clock.now();',
      'interface Cache { fetch(): void }',
      'cache.fetch();',
      "const c = 'Date.now()'; // setTimeout",
    ].join('\n');
    expect(ambientEffects(source)).toEqual([]);
  });
});
