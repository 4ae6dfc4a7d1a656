import { createInterface } from 'node:readline';
import { DirectoryLock } from '../src/directory-lock.js';

/**
 * Takes and gives up locks as it is told on stdin, a line each, and answers each on stdout:
 * `take <directory>` → `won <pid>` or `lost <message>` · `release` → `released`
 */
let lock: DirectoryLock | undefined;

async function obey(line: string): Promise<string> {
  const [order, directory = ''] = line.split(' ');
  if (order === 'release') {
    await lock?.release();
    return 'released';
  }
  try {
    lock = await DirectoryLock.acquire(directory);
    return `won ${process.pid}`;
  } catch (error) {
    return `lost ${(error as Error).message}`;
  }
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${await obey(line)}\n`);
