/**
 * What a token may be used for: `read` shows tasks, events, output and tools; `submit` gives in work and cancels it; `admin` is all
 * of that, and deletes. None of the first two brings the other.
 */
export const SCOPES = ['read', 'submit', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(value: unknown): value is Scope {
  return (SCOPES as readonly unknown[]).includes(value);
}
