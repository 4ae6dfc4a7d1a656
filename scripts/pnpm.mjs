// The pinned pnpm for those who have none: `node scripts/pnpm.mjs install`.
import { ensurePnpm, run, runMain } from './toolchain.mjs';

await runMain(async () => {
  await ensurePnpm();
  return run('pnpm', process.argv.slice(2), { cwd: process.cwd(), stdio: 'inherit' });
});
