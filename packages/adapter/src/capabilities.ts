import { ACTION_KINDS, ADAPTER_SCHEMA } from './action-kind.js';

/** What the adapter speaks, as `GET /adapters/capabilities` answers it. */
export interface AdapterCapabilities {
  readonly schema_version: string;
  /** Names of agents that `adapter` may be; any other is taken too, and carried. */
  readonly profiles: readonly string[];
  readonly action_kinds: readonly string[];
  readonly compatibility_notes: readonly string[];
}

export function adapterCapabilities(): AdapterCapabilities {
  return {
    schema_version: ADAPTER_SCHEMA,
    profiles: ['generic', 'claudecode', 'codex', 'openclaw'],
    action_kinds: [...ACTION_KINDS],
    compatibility_notes: [
      'An action becomes a task like every other: GET /tasks/{id} tells how it stands.',
      'POST /adapters/translate stores nothing; what it answers can be sent to POST /tasks as it is.',
      'runtime.command and runtime.script need an execgo-runtime server, which the operator names.',
      'POST /tasks takes task graphs without this layer.',
    ],
  };
}
