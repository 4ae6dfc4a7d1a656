import { errorMessage, type StoreFinding } from '@execgo/core';
import type { StorePlace } from '../drivers/store-place.js';
import type { ResolvedSettings } from '../settings/resolve-settings.js';

/** What a check may look at. */
export interface CheckContext {
  readonly resolved: ResolvedSettings;
  /** The store that the settings name. */
  readonly place: StorePlace;
  readonly cwd: string;
}

export interface CheckResult {
  /** Facts of interest. */
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly findings: readonly StoreFinding[];
}

/** One look at one thing; it changes nothing. */
export interface Check {
  readonly name: string;
  run(context: CheckContext): Promise<CheckResult>;
}

export interface ExaminationFinding extends StoreFinding {
  /** Which check says so. */
  readonly check: string;
}

export interface Examination {
  readonly facts: Readonly<Record<string, string | number>>;
  /** Most severe first. */
  readonly findings: readonly ExaminationFinding[];
}

const SEVERITIES = ['error', 'warning', 'note'] as const;

/** Runs every check. One that fails itself is an error finding, and the others go on. */
export async function examine(checks: readonly Check[], context: CheckContext): Promise<Examination> {
  const facts: Record<string, string | number> = {};
  const findings: ExaminationFinding[] = [];
  for (const check of checks) {
    const result = await check.run(context).catch(
      (error: unknown): CheckResult => ({
        findings: [{ severity: 'error', message: `it could not be looked at: ${errorMessage(error)}` }],
      }),
    );
    Object.assign(facts, result.facts);
    findings.push(...result.findings.map((finding) => ({ check: check.name, ...finding })));
  }
  findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { facts, findings };
}
