export type { CreateExecutor, CreateStore, DriverSettings, StoreDriverSettings } from './drivers/driver-settings.js';
export type { Policy } from './policy.js';
export { createServerLog, type ServerLog } from './server-log.js';
export { type ResolvedSettings, resolveSettings, type SettingsSources } from './settings/resolve-settings.js';
export { SettingsError } from './settings/settings-error.js';
export type { SettingName, Settings, SettingsInput } from './settings/table.js';
export { type ExecGoServer, type StartOptions, startServer } from './start-server.js';
export { VERSION } from './version.js';
