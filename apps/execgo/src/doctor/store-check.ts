import { openMaintenance } from '../drivers/open-maintenance.js';
import type { Check, CheckResult } from './examine.js';

/** What the driver of the store says about it. */
export const storeCheck: Check = {
  name: 'store',
  async run({ place, cwd }): Promise<CheckResult> {
    if (place.kind === 'memory') {
      const message =
        'the store is in memory: everything is forgotten when the server ends, and there is nothing to look at';
      return { findings: [{ severity: 'note', message }] };
    }
    const warnings: string[] = [];
    const maintenance = await openMaintenance('--store', place, {
      cwd,
      onWarning: (message) => void warnings.push(message),
    });
    const { facts, findings } = await maintenance.inspect();
    return {
      facts,
      findings: [...findings, ...warnings.map((message) => ({ severity: 'warning', message }) as const)],
    };
  },
};
