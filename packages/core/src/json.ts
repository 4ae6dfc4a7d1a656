import { ExecGoError } from './errors.js';

/** Any value that JSON can hold. Objects may carry a key named `__proto__` as an own property. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** How large and how deep a value may be. */
export interface JsonLimits {
  /** Upper bound of the encoded size, in bytes (strings are counted as UTF-8, escapes not counted). */
  readonly maxBytes: number;
  /** Objects and arrays inside one another; a scalar has depth 0, `{}` depth 1. */
  readonly maxDepth: number;
}

/** True for what JSON writes as `{…}`: neither null nor an array. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object or array holds no other: most tool input is so, and needs none of the searching below. */
export function isFlat(container: object): boolean {
  if (Array.isArray(container)) return !container.some(isContainer);
  for (const key in container) if (isContainer((container as Record<string, unknown>)[key])) return false;
  return true;
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/**
 * Depth of a parsed JSON value, counted only as far as `limit + 1`, so that a hostile value costs no more than its own size.
 * Iterative: `JSON.parse` accepts nesting that overflows the stack of every recursive function.
 */
export function jsonDepth(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (isFlat(value)) return 1;
  let level: object[] = [value];
  let depth = 0;
  while (level.length > 0) {
    depth += 1;
    if (depth > limit) return depth;
    const next: object[] = [];
    for (const container of level) {
      if (Array.isArray(container)) {
        for (const item of container) if (typeof item === 'object' && item !== null) next.push(item);
      } else {
        for (const key in container) {
          const item = (container as Record<string, unknown>)[key];
          if (typeof item === 'object' && item !== null) next.push(item);
        }
      }
    }
    level = next;
  }
  return depth;
}

/** Bytes of a text in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    // A surrogate pair is two units and four bytes: two for each half.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** Encoded size of a plain JSON value in bytes (escapes not counted), counted only until it exceeds `limit`. Iterative. */
export function jsonSize(value: Json, limit: number): number {
  if (typeof value !== 'object' || value === null) return scalarSize(value);
  let bytes = 0;
  const open: object[] = [];
  for (let container: object | undefined = value; container !== undefined && bytes <= limit; container = open.pop()) {
    bytes += 2;
    const isArray = Array.isArray(container);
    for (const key in container) {
      if (bytes > limit) return bytes;
      if (!isArray) bytes += utf8Length(key) + 4;
      const item = (container as JsonObject)[key] as Json;
      if (typeof item === 'object' && item !== null) open.push(item);
      else bytes += scalarSize(item);
    }
  }
  return bytes;
}

function scalarSize(value: null | boolean | number | string): number {
  return typeof value === 'string' ? utf8Length(value) + 2 : 8;
}

/** Sets an own property whatever its name: a plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/**
 * A deep copy that is certain to survive `JSON.stringify` unchanged: what a store is given can then always be encoded.
 * Follows JSON's own rules for what is not JSON (`toJSON` is called, `undefined` and functions vanish from objects and
 * become null in arrays, NaN and infinities become null).
 *
 * @returns undefined where JSON would write nothing at all.
 * @throws ExecGoError `internal` for a BigInt or a cycle, `resource_limit_exceeded` past a limit.
 */
export function toPlainJson(value: unknown, limits: JsonLimits): Json | undefined {
  return value === undefined ? undefined : new PlainCopy(limits).copy(value, 0);
}

class PlainCopy {
  private bytes = 0;
  /** The containers round the one being copied: a cycle comes back to one of them. */
  private readonly open: object[] = [];

  constructor(private readonly limits: JsonLimits) {}

  /** Recursive on purpose: `maxDepth` bounds the stack. */
  copy(value: unknown, depth: number): Json | undefined {
    switch (typeof value) {
      case 'string':
        this.count(utf8Length(value) + 2);
        return value;
      case 'number':
        this.count(8);
        // `+ 0` turns −0, whose sign JSON does not write, into 0.
        return Number.isFinite(value) ? value + 0 : null;
      case 'boolean':
        this.count(5);
        return value;
      case 'bigint':
        throw new ExecGoError('internal', 'the result holds a BigInt, which JSON cannot carry');
      case 'object':
        return value === null ? this.copyNull() : this.copyObject(value, depth + 1);
      default:
        return undefined;
    }
  }

  private copyObject(value: object, depth: number): Json | undefined {
    if (this.open.includes(value))
      throw new ExecGoError('internal', 'the result refers to itself, which JSON cannot carry');
    if (depth > this.limits.maxDepth) {
      throw new ExecGoError(
        'resource_limit_exceeded',
        `the value is nested deeper than ${this.limits.maxDepth} levels`,
      );
    }
    this.open.push(value);
    this.count(2);
    const copied = this.copyOpened(value, depth);
    this.open.pop();
    return copied;
  }

  private copyOpened(value: object, depth: number): Json | undefined {
    const toJson = (value as { toJSON?: unknown }).toJSON;
    if (typeof toJson === 'function') return this.copy(toJson.call(value, ''), depth);
    if (Array.isArray(value)) return this.copyArray(value, depth);
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const item = this.copy((value as Record<string, unknown>)[key], depth);
      if (item === undefined) continue;
      this.count(utf8Length(key) + 4);
      setOwn(result, key, item);
    }
    return result as JsonObject;
  }

  private copyNull(): null {
    this.count(4);
    return null;
  }

  /** Holes are filled and counted: a long array of nothing must not get past the limit. */
  private copyArray(items: readonly unknown[], depth: number): Json {
    const result: Json[] = [];
    for (let at = 0; at < items.length; at += 1) {
      const item = this.copy(items[at], depth);
      result.push(item === undefined ? this.copyNull() : item);
    }
    return result;
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.limits.maxBytes) {
      throw new ExecGoError('resource_limit_exceeded', `the value is larger than ${this.limits.maxBytes} bytes`);
    }
  }
}
