import type { Hono } from 'hono';

const apps = new WeakSet<Hono>();

/** Notes that this app asks no token and trusts who can reach it: it must be listened to on loopback alone. */
export function requireLoopback(app: Hono): void {
  apps.add(app);
}

export function needsLoopback(app: Hono): boolean {
  return apps.has(app);
}
