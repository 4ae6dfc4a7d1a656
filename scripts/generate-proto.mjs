// Makes packages/server-grpc/src/gen from proto/. Whoever changes a proto file runs it, and commits what it writes; a test
// holds the two equal.
import { run, runMain, ToolError } from './toolchain.mjs';

await runMain(async () => {
  const status = await run('buf', ['generate']);
  if (status !== 0) throw new ToolError(`buf generate failed (exit status ${status})`);
});
