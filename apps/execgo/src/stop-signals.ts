/** A signal that comes again sooner is the same one: Ctrl-C under npm reaches the server from the terminal and from npm. */
const REPEAT_MS = 1000;

export interface StopSignals {
  /** Resolves to the first signal that asks the process to stop. */
  readonly first: Promise<NodeJS.Signals>;
  /** Listens no longer. */
  release(): void;
}

/**
 * Waits for SIGTERM or SIGINT.
 *
 * @param onForce called for a further signal, once the first is a second old
 */
export function listenForStop(onForce: (signal: NodeJS.Signals) => void): StopSignals {
  let firstAt: number | undefined;
  let release = (): void => {};
  const first = new Promise<NodeJS.Signals>((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        resolve(signal);
      } else if (performance.now() - firstAt >= REPEAT_MS) onForce(signal);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    release = () => process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  });
  return { first, release };
}
