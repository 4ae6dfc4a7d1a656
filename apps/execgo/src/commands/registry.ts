import type { CommandDefinition } from './command.js';
import { serveCommand } from './serve.js';

/** Every command of the program, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [serveCommand];
