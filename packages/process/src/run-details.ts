import type { Confinement } from './confinement.js';
import type { ResourceLimits } from './resource-limits.js';
import type { RunOutcome } from './run-process.js';

/** The bounds that a task asked for, as its input has them. */
export interface RequestedBounds {
  readonly limits?: ResourceLimits | undefined;
  readonly network?: boolean | undefined;
}

/** What bounded a run, for `runtime.details` of its task. */
export interface RunDetails {
  readonly pid: number | undefined;
  readonly sandbox: {
    readonly name: string;
    readonly requested: RequestedBounds;
    /** What held; a limit that was asked for and is missing here could not be enforced. */
    readonly effective: { readonly limits: ResourceLimits; readonly network: boolean };
  };
}

/** @param confinement the one that the run was given */
export function runDetails(
  confinement: Confinement,
  { limits, network }: RequestedBounds,
  outcome: RunOutcome,
): RunDetails {
  const requested = { ...(limits !== undefined && { limits }), ...(network !== undefined && { network }) };
  const effective = { limits: outcome.limits, network: outcome.network };
  return { pid: outcome.pid, sandbox: { name: confinement.name, requested, effective } };
}

/** Whether a run that succeeded has something to tell: of a plain one, without sandbox and bounds, nothing is worth keeping. */
export function isBounded(confinement: Confinement, { limits, network }: RequestedBounds): boolean {
  return confinement.isolated || limits !== undefined || network !== undefined;
}
