// From a fresh clone to a built workspace, with nothing but Node and npm: the pinned pnpm, the locked dependencies,
// the build. Repeating it is cheap: what has not changed is not done again.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePnpm, note, ROOT, readJson, run, runMain, ToolError } from './toolchain.mjs';

const STAMP = join(ROOT, 'node_modules', '.bootstrap-stamp');
const WORKSPACE_FOLDERS = ['packages', 'apps', 'examples'];

function checkNode() {
  const { engines } = /** @type {{ engines: { node: string } }} */ (readJson(join(ROOT, 'package.json')));
  const [major = 0, minor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  const [ourMajor = 0, ourMinor = 0] = process.versions.node.split('.').map(Number);
  if (ourMajor > major || (ourMajor === major && ourMinor >= minor)) return;
  throw new ToolError(`Node ${process.versions.node} is too old: ExecGo needs ${engines.node}`);
}

/** Everything that decides what an install puts into node_modules. */
function installInputs() {
  const manifests = WORKSPACE_FOLDERS.map((folder) => join(ROOT, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, 'package.json')))
    .filter((path) => existsSync(path))
    .sort();
  const files = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml'].map((name) => join(ROOT, name));
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  for (const path of [...files, ...manifests]) {
    hash.update(path.slice(ROOT.length)).update(readFileSync(path));
  }
  return hash.digest('hex');
}

async function install() {
  const inputs = installInputs();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === inputs) return;

  note('bootstrap: installing dependencies');
  rmSync(STAMP, { force: true });
  const status = await run('pnpm', ['install', '--frozen-lockfile', '--loglevel=error']);
  if (status !== 0) {
    throw new ToolError(
      `dependencies could not be installed (exit status ${status}). If a package.json and pnpm-lock.yaml disagree, ` +
        'run `node scripts/pnpm.mjs install` and commit the lock file',
    );
  }
  writeFileSync(STAMP, inputs);
}

async function build() {
  note('bootstrap: building what has changed');
  const status = await run(
    'turbo',
    ['run', 'build', '--concurrency=150%', '--output-logs=errors-only', '--log-prefix=task'],
    {
      quiet: true,
    },
  );
  if (status !== 0) throw new ToolError(`the build failed (exit status ${status}); the reason stands above`);
}

await runMain(async () => {
  const start = performance.now();
  checkNode();
  await ensurePnpm();
  await install();
  await build();
  note(`bootstrap: ready in ${((performance.now() - start) / 1000).toFixed(1)} s`);
});
