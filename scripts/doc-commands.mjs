/**
 * A fenced block of a document together with the comment that stands before it:
 * `<!-- ci -->` runs it in the repository, `<!-- ci: server -->` beside a fresh server, `<!-- ci: output -->` compares
 * it with what the block before printed, `<!-- ci: skip, <why> -->` leaves it alone.
 * @typedef {object} DocBlock
 * @property {'run' | 'server' | 'output' | 'skip' | 'unmarked'} kind
 * @property {number} line where the fence opens, counted from 1
 * @property {string} text
 */

const FENCE = /^(?:<!--\s*ci(?::\s*(?<mark>[^>]*?))?\s*-->\s*\n+)?```(?<language>\w*)\n(?<text>.*?)^```$/gms;
const SHELLS = new Set(['sh', 'bash', 'shell']);

/**
 * The blocks of a Markdown text that the checker has to do with: those with a mark, and every shell block.
 * @param {string} markdown
 * @returns {DocBlock[]}
 */
export function docBlocks(markdown) {
  /** @type {DocBlock[]} */
  const blocks = [];
  for (const match of markdown.matchAll(FENCE)) {
    const { mark, language = '', text = '' } = match.groups ?? {};
    const marked = match[0].startsWith('<!--');
    if (!marked && !SHELLS.has(language)) continue;
    const before = markdown.slice(0, match.index + match[0].indexOf('```'));
    blocks.push({ kind: kindOf(marked, mark), line: before.split('\n').length, text });
  }
  return blocks;
}

/**
 * @param {boolean} marked
 * @param {string | undefined} mark
 * @returns {DocBlock['kind']}
 */
function kindOf(marked, mark) {
  if (!marked) return 'unmarked';
  if (mark === undefined) return 'run';
  if (mark === 'server' || mark === 'output') return mark;
  return /^skip, \S/.test(mark) ? 'skip' : 'unmarked';
}

/**
 * Whether a command printed what a document shows. White space counts as one blank; `…` stands for anything.
 * @param {string} shown
 * @param {string} printed
 */
export function outputMatches(shown, printed) {
  const pattern = squeeze(shown)
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*?');
  return new RegExp(`^${pattern}$`, 's').test(squeeze(printed));
}

/** @param {string} text */
function squeeze(text) {
  return text.replace(/\s+/g, ' ').trim();
}
