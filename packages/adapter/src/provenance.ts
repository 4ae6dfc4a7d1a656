import { setOwn } from '@execgo/core';
import { type ActionKind, ADAPTER_SCHEMA } from './action-kind.js';
import type { ActionRequest } from './action-request.js';

/** The adapter that a request names, `generic` where it names none. */
export function adapterName({ adapter }: ActionRequest): string {
  return adapter.trim().toLowerCase() || 'generic';
}

/** Where a task comes from: the request's metadata, and over it what the adapter knows by itself. */
export function provenance(request: ActionRequest, kind: ActionKind): Readonly<Record<string, string>> {
  return mergeTrimmed(request.metadata, {
    adapter_schema: ADAPTER_SCHEMA,
    adapter: adapterName(request),
    action_kind: kind,
    agent_id: request.agent_id,
    session_id: request.session_id,
    action_id: request.action_id,
  });
}

/** Later maps win; keys and values are trimmed, and what is empty then is dropped. */
export function mergeTrimmed(...maps: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> {
  const merged: Record<string, string> = {};
  for (const map of maps) {
    for (const [key, value] of Object.entries(map)) {
      const [name, text] = [key.trim(), value.trim()];
      if (name !== '' && text !== '') setOwn(merged, name, text);
    }
  }
  return merged;
}
