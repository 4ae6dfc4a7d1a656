// Looks at every public package as its users will get it: makes its declarations, packs it, then lets publint and attw read
// the tarball.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { emitDeclarations } from './emit-declarations.mjs';
import { publicPackages } from './public-packages.mjs';
import { note, run, runMain, ToolError } from './toolchain.mjs';

/**
 * @param {string} folder
 * @param {string} target where the tarball goes
 * @returns {Promise<string>} the path of the tarball
 */
async function pack(folder, target) {
  const status = await run('pnpm', ['pack', '--pack-destination', target], { cwd: folder, quiet: true });
  const tarball = readdirSync(target).find((name) => name.endsWith('.tgz'));
  if (status !== 0 || tarball === undefined) throw new ToolError(`cannot pack ${folder}`);
  return join(target, tarball);
}

/**
 * @param {{ folder: string, manifest: Record<string, unknown> }} subject
 * @returns {Promise<string[]>} the names of the checks that failed
 */
async function check({ folder, manifest }) {
  const target = mkdtempSync(join(tmpdir(), 'execgo-pack-'));
  try {
    const tarball = await pack(folder, target);
    /** @type {[string, string[]][]} */
    const checks = [['publint', ['run', tarball, '--strict']]];
    // A package without exports has only a bin: there are no types to resolve.
    if (manifest.exports !== undefined) checks.push(['attw', [tarball, '--profile', 'esm-only', '--no-emoji']]);
    /** @type {string[]} */
    const failed = [];
    for (const [command, args] of checks) {
      if ((await run(command, args, { quiet: true })) !== 0) failed.push(command);
    }
    note(
      `${manifest.name}: ${checks.map(([name]) => `${name} ${failed.includes(name) ? 'FAILED' : 'ok'}`).join(', ')}`,
    );
    return failed.map((name) => `${manifest.name} (${name})`);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

await runMain(async () => {
  await emitDeclarations();
  const waiting = publicPackages();
  /** @type {string[]} */
  const failed = [];
  const work = async () => {
    for (let subject = waiting.shift(); subject !== undefined; subject = waiting.shift()) {
      failed.push(...(await check(subject)));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  if (failed.length > 0) throw new ToolError(`not fit to publish: ${failed.join(', ')}`);
});
