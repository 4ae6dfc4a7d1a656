import { expect, it } from 'vitest';
import { createEgressGuard } from '../src/index.js';

it.each([[{ profile: 'wide' }], [{ allow: ['localhost'] }], [{ allow: ['http://x:80'] }], [{ forbid: ['x:99999'] }]])(
  'a bad option is named: %j',
  (egress) => {
    expect(() => createEgressGuard(egress as never)).toThrow(/option egress\.(profile|allow|forbid): expected/);
  },
);
