import { traceIdOf } from '@execgo/access';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Door } from './call.js';
import { admit, textOf } from './caller-of.js';
import { refusal } from './refusal.js';
import type { Route } from './route.js';

/**
 * Lets a call in, or ends it, as soon as its metadata is there: of a stranger no message is read, let alone kept. It stands before
 * every method that is served, so none can be added without it.
 */
export function admission(door: Door, routes: readonly Route[]): ServerInterceptor {
  const needs = new Map(routes.map(({ path, need }) => [path, need]));
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, letIn) {
            try {
              door.admissions.set(metadata, admit(door.options, needs.get(path) ?? 'admin', metadata, call));
            } catch (error) {
              call.sendStatus(refusal(error, traceIdOf(textOf(metadata, 'x-trace-id') ?? undefined)));
              return;
            }
            letIn(metadata);
          },
        });
      },
    });
}
