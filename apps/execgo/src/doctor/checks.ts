import { dataDirCheck } from './data-dir-check.js';
import type { Check } from './examine.js';
import { settingsCheck } from './settings-check.js';
import { storeCheck } from './store-check.js';

/** What `execgo doctor` looks at, in this order. */
export const CHECKS: readonly Check[] = [settingsCheck, dataDirCheck, storeCheck];
