import { readFileSync } from 'node:fs';

const text = readFileSync(0, 'utf8');
const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
const words = text.split(/\s+/).filter((word) => word !== '').length;
process.stdout.write(`${JSON.stringify({ lines, words, characters: [...text].length })}\n`);
