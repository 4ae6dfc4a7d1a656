/** `${NAME}` or `${NAME:-default}`; anything else with a dollar sign is ordinary text. */
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export interface Expansion {
  readonly text: string;
  /** Values that came from variables: they must not appear in messages. */
  readonly secrets: readonly string[];
  /** The first variable that is not set and has no default. */
  readonly unset?: string;
}

/** Puts variables in. As in a shell, a default also stands in for a variable that is empty. */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): Expansion {
  const secrets: string[] = [];
  let unset: string | undefined;
  const expanded = text.replace(VARIABLE, (whole, name: string, fallback: string | undefined) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && (value !== '' || fallback === undefined)) {
      secrets.push(value);
      return value;
    }
    if (fallback !== undefined) return fallback;
    unset ??= name;
    return whole;
  });
  return { text: expanded, secrets, ...(unset === undefined ? {} : { unset }) };
}
