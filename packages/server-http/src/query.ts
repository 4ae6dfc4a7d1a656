import { ExecGoError } from '@execgo/core';

/** The query of a URL; every reader names the parameter in what it throws (`invalid_input`). */
export class Query {
  private readonly parameters: URLSearchParams | undefined;

  constructor(url: string) {
    this.parameters = url.includes('?') ? new URL(url).searchParams : undefined;
  }

  names(): Iterable<string> {
    return new Set(this.parameters?.keys());
  }

  /** A parameter that may be given once; it may be empty. */
  value(name: string): string | undefined {
    const values = this.parameters?.getAll(name) ?? [];
    if (values.length > 1) throw invalidParameter(name, 'expected once, was given more often');
    return values[0];
  }

  /** The same, not empty. */
  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === '') throw invalidParameter(name, 'must not be empty');
    return value;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw invalidParameter(name, `expected an integer from ${min} to ${max}, got ${JSON.stringify(text)}`);
  }

  choice<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined || choices.includes(text as T)) return text as T | undefined;
    throw invalidParameter(name, `expected one of ${choices.join(', ')}, got ${JSON.stringify(text)}`);
  }
}

export function invalidParameter(name: string, problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `${name}: ${problem}`, { details: { field: name } });
}
