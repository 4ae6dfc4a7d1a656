import { packageConfig } from '../../scripts/tsup.js';

export default packageConfig({
  entry: ['src/index.ts', 'src/main.ts', 'src/main-execgocli.ts'],
  // Optional packages are loaded where they are installed, never bundled.
  external: ['@execgo/cache-redis', '@execgo/server-grpc'],
});
