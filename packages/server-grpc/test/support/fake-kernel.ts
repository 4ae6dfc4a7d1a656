import { ExecGoError, type Kernel } from '@execgo/core';

/** A kernel that can do only what a test gives it; everything else is refused by name. */
export function fakeKernel(methods: Partial<Kernel> = {}): Kernel {
  return new Proxy({} as Kernel, {
    get(_target, name: keyof Kernel) {
      return (
        methods[name] ??
        (() => {
          throw new ExecGoError('internal', `the test gave its kernel no ${String(name)}`);
        })
      );
    },
  });
}
