/** How often each proof does what it proves: among the quick ones, and in the long proof (`npm run test:faults:long`). */
const SIZES = {
  /** Processes ended by `kill -9`, for each store. */
  kills: { quick: 30, long: 500 },
  /** Power cuts, for each store. */
  powerCuts: { quick: 4, long: 50 },
  /** Which call of each kind fails: the first, the second, and so on, for each kind of fault and each store. */
  faultPoints: { quick: 2, long: 50 },
  /** The same for what is written seldom, besides the log. */
  sidePoints: { quick: 1, long: 10 },
  /** Single bits flipped, for each store. */
  bitFlips: { quick: 90, long: 10_000 },
  /** Disks that are filled, for each store. */
  fullDisks: { quick: 1, long: 20 },
} as const;

/** The long proof is a mode of the same tests, given on the command line. */
export const IS_LONG = process.env.MODE === 'long';

export interface Size {
  readonly count: number;
  /** For the name of a test: how much this is, and how much the long proof does. */
  text(what: string): string;
}

export function sizeOf(proof: keyof typeof SIZES): Size {
  const { quick, long } = SIZES[proof];
  const count = IS_LONG ? long : quick;
  return {
    count,
    text: (what) => `${grouped(count)} ${what}${IS_LONG ? '' : ` (${grouped(long)} in the long proof)`}`,
  };
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
