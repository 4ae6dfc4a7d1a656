import { fileURLToPath } from 'node:url';

/** The program of this package that is the server by default: what `node` is given to start it. */
export const PROGRAM_FILE: string = fileURLToPath(new URL('../bin/execgo.js', import.meta.url));
