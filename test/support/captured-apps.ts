import type { createApp } from '../../packages/server-http/src/index.js';

type App = ReturnType<typeof createApp>;

/** Apps that were made since the test began, the newest last: a server does not show its own. */
export const apps: App[] = [];

/** The same function, which notes what it made. */
export function noting(create: typeof createApp): typeof createApp {
  return (options) => {
    const app = create(options);
    apps.push(app);
    return app;
  };
}
