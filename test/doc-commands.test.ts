import { describe, expect, it } from 'vitest';
import { docBlocks, outputMatches } from '../scripts/doc-commands.mjs';

const DOCUMENT = `# Title

<!-- ci -->
\`\`\`sh
echo one
\`\`\`

Text.

<!-- ci: server -->
\`\`\`sh
curl localhost:8080/health
\`\`\`

<!-- ci: output -->

\`\`\`json
{"status":"ok"}
\`\`\`

<!-- ci: skip, it runs for ever -->
\`\`\`sh
npm start
\`\`\`

\`\`\`sh
forgotten
\`\`\`

<!-- ci: skip -->
\`\`\`sh
skipped without a reason
\`\`\`

\`\`\`ts
not(a.command);
\`\`\`
`;

describe('docBlocks', () => {
  it('finds every marked block and every shell block, with its line', () => {
    expect(docBlocks(DOCUMENT)).toEqual([
      { kind: 'run', line: 4, text: 'echo one\n' },
      { kind: 'server', line: 11, text: 'curl localhost:8080/health\n' },
      { kind: 'output', line: 17, text: '{"status":"ok"}\n' },
      { kind: 'skip', line: 22, text: 'npm start\n' },
      { kind: 'unmarked', line: 26, text: 'forgotten\n' },
      { kind: 'unmarked', line: 31, text: 'skipped without a reason\n' },
    ]);
  });
});

describe('outputMatches', () => {
  it('takes … for anything and any white space for a blank', () => {
    expect(outputMatches('{"id": "…",\n "n": 1}', '{"id":  "abc", "n": 1}\n')).toBe(true);
    expect(outputMatches('a … z', 'a\nb\nz')).toBe(true);
  });

  it('takes everything else as it stands', () => {
    expect(outputMatches('a.c', 'abc')).toBe(false);
    expect(outputMatches('one', 'one two')).toBe(false);
  });
});
