import { ExecGoError } from '@execgo/core';
import { type Deferred, deferred } from '@execgo/testkit';
import type { Connect, RedisConnection } from '../../src/redis-connection.js';

type Command = 'connect' | 'get' | 'set' | 'remove';

/** A command that has not come to Redis yet. */
export interface HeldCommand {
  readonly command: Command;
  readonly keys: readonly string[];
  /** It happens, and is answered. */
  deliver(): Promise<void>;
  /** It happens, and the answer is lost. */
  deliverSilently(): Promise<void>;
  /** It does not happen, and is answered with an error. */
  fail(message?: string): Promise<void>;
}

/** Redis as far as the cache needs it, with every command in the hands of the test. */
export class FakeRedis {
  readonly data = new Map<string, string>();
  readonly log: Command[] = [];
  readonly held: HeldCommand[] = [];
  /** Which commands wait for the test. @default none */
  holds: (command: Command) => boolean = () => false;
  /** Which commands fail. @default none */
  fails: (command: Command) => string | undefined = () => undefined;
  /** Asked before each command happens, once it was delivered. */
  pause: (command: Command) => Promise<void> | void = () => {};
  ttlSec: number | undefined;
  connections = 0;
  private readonly ends = new Set<() => void>();

  readonly connect: Connect = async () => {
    await this.arrive('connect', [], () => undefined);
    this.connections += 1;
    return this.connection();
  };

  /** Ends every connection. */
  cut(): void {
    for (const end of [...this.ends]) end();
  }

  /** The oldest command that waits. */
  next(command?: Command): HeldCommand {
    const at = this.held.findIndex((one) => command === undefined || one.command === command);
    const [found] = at < 0 ? [] : this.held.splice(at, 1);
    if (found === undefined) throw new ExecGoError('internal', `no ${command ?? 'command'} waits`);
    return found;
  }

  private connection(): RedisConnection {
    const onEnd: (() => void)[] = [];
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      this.connections -= 1;
      this.ends.delete(end);
      for (const fn of onEnd) fn();
    };
    this.ends.add(end);
    return {
      get: (keys) => this.arrive('get', keys, () => keys.map((key) => this.data.get(key) ?? null)),
      set: (key, value, ttlSec) =>
        this.arrive('set', [key], () => {
          this.ttlSec = ttlSec;
          this.data.set(key, value);
        }),
      remove: (keys) =>
        this.arrive('remove', keys, () => {
          for (const key of keys) this.data.delete(key);
        }),
      onEnd: (fn) => void onEnd.push(fn),
      end,
    };
  }

  private async arrive<T>(command: Command, keys: readonly string[], happen: () => T): Promise<T> {
    this.log.push(command);
    if (this.holds(command)) await this.hold(command, keys, happen);
    await this.pause(command);
    const failure = this.fails(command);
    if (failure !== undefined) throw new ExecGoError('unavailable', failure);
    return happen();
  }

  private hold(command: Command, keys: readonly string[], happen: () => unknown): Promise<void> {
    const gate: Deferred<void> = deferred();
    const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
    this.held.push({
      command,
      keys,
      deliver: () => {
        gate.resolve();
        return settle();
      },
      deliverSilently: () => {
        happen();
        return settle();
      },
      fail: (message = 'ERR failed by the test') => {
        gate.reject(new ExecGoError('unavailable', message));
        return settle();
      },
    });
    return gate.promise;
  }
}
