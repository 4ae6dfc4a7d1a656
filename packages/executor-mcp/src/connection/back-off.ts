/**
 * Milliseconds to wait after the n-th failure in a row (1 for the first): doubles from `baseMs` up to `maxMs`, of which a
 * random part between a half and the whole, so that many that failed together do not come back together.
 */
export function backOffMs(
  failures: number,
  limits: { readonly baseMs: number; readonly maxMs: number },
  random: () => number = Math.random,
): number {
  const whole = Math.min(limits.maxMs, limits.baseMs * 2 ** (failures - 1));
  return Math.round(whole * (0.5 + random() / 2));
}
