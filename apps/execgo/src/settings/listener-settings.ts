import type { SettingName } from './table.js';

/** Settings about being listened to, and about who may call: without a meaning for a kernel that serves nobody on a network. */
export const LISTENER_SETTINGS: readonly SettingName[] = [
  'addr',
  'grpcAddr',
  'grpcTlsCert',
  'grpcTlsKey',
  'grpcTlsClientCa',
  'tokenFile',
  'token',
  'allowUnauthenticated',
  'allowedOrigins',
];

/** Secrets that lie in files, which no task may read, whoever runs it. */
const FILES_WITH_SECRETS: readonly SettingName[] = ['tokenFile', 'grpcTlsKey'];

/** Those of them that need not even be read. */
export const UNUSED_WITHOUT_LISTENER: readonly SettingName[] = LISTENER_SETTINGS.filter(
  (name) => !FILES_WITH_SECRETS.includes(name),
);
