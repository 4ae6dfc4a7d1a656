import { anyText, jsonValue, legalEvents, ODD_IDS, spec } from '@execgo/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventEncoder, quote, reviveEvent } from '../src/event-text.js';
import { specToWire } from '../src/wire.js';

it('a quoted text is what JSON.stringify makes of it, lone surrogates and controls included', () => {
  for (const id of [...ODD_IDS, '\ud800', 'a\u0000', '\u007f', '"', '\\', ''])
    expect(quote(id)).toBe(JSON.stringify(id));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => quote(text) === JSON.stringify(text)));
});

it('an event comes back as it was', () => {
  fc.assert(
    fc.property(legalEvents(), (events) => {
      const encoder = new EventEncoder();
      for (const event of events) expect(reviveEvent(JSON.parse(encoder.encode(event)))).toEqual(event);
    }),
  );
});

it('a submitted spec is written as specToWire writes it, whatever its values', () => {
  const specs = fc.record({
    id: anyText(),
    type: anyText(),
    tool_name: fc.option(anyText(), { nil: undefined }),
    params: fc.option(jsonValue(), { nil: undefined }),
    input: fc.option(jsonValue(), { nil: undefined }),
    execution_category: fc.option(anyText(), { nil: undefined }),
    depends_on: fc.array(anyText(), { maxLength: 3 }),
    retry: fc.nat(3),
    timeout: fc.nat(3),
    annotations: fc.option(fc.dictionary(anyText(), anyText()), { nil: undefined }),
    priority: fc.integer({ min: -2, max: 2 }),
    on_interrupt: fc.constantFrom('retry' as const, 'fail' as const),
  });
  fc.assert(
    fc.property(specs, fc.boolean(), (fields, shares) => {
      const made = spec({ ...fields, ...(shares && { input: fields.params }) });
      const event = {
        type: 'task_submitted',
        seq: 1,
        timestamp: 2,
        graph_id: 'g',
        task_id: made.id,
        spec: made,
      } as const;
      const parsed = JSON.parse(new EventEncoder().encode(event));
      expect(parsed.spec).toEqual(JSON.parse(JSON.stringify(specToWire(made))));
      expect(Object.keys(parsed.spec)).toEqual(Object.keys(specToWire(made)));
    }),
  );
});
