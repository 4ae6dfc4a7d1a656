import type { Check } from './examine.js';

/** What the settings themselves warn of; one that cannot be used has ended the command before. */
export const settingsCheck: Check = {
  name: 'settings',
  async run({ resolved }) {
    return {
      ...(resolved.configFile !== undefined && { facts: { config_file: resolved.configFile } }),
      findings: resolved.warnings.map((message) => ({ severity: 'warning', message })),
    };
  },
};
