/** The settings that say which store is meant and where it is. */
export const STORE_SETTINGS: readonly string[] = ['config', 'dataDir', 'store', 'sqlitePath'];
