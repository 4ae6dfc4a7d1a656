import type { MessageInitShape } from '@bufbuild/protobuf';
import { ExecGoError } from '@execgo/core';
import type { Door, StreamCall } from '../call.js';
import { ExecGo } from '../gen/execgo/v1/execgo_pb.js';
import {
  Health,
  type HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Serving,
} from '../gen/grpc/health/v1/health_pb.js';
import { type Route, serverStream, unary } from '../route.js';

type HealthMessage = MessageInitShape<typeof HealthCheckResponseSchema>;

/** The server as a whole, and its one service of its own. */
const SERVICES: ReadonlySet<string> = new Set(['', ExecGo.typeName]);

/** `grpc.health.v1.Health`: SERVING while the kernel takes work. It asks no token, since those who probe have none. */
export function healthService(door: Door): readonly Route[] {
  return [
    unary(Health.method.check, 'nothing', async ({ service }) => {
      if (SERVICES.has(service)) return { status: await servingStatus(door) };
      throw new ExecGoError('not_found', `service not found: ${service}`, { details: { service } });
    }),
    serverStream(Health.method.watch, 'nothing', async ({ service }, call) => changes(service, call, door)),
  ];
}

/** The status, then the next one as soon as a look at the kernel shows it. */
async function* changes(service: string, { signal }: StreamCall, door: Door): AsyncGenerator<HealthMessage> {
  let told: Serving | undefined;
  while (!signal.aborted) {
    const status = SERVICES.has(service) ? await servingStatus(door) : Serving.SERVICE_UNKNOWN;
    if (status !== told) yield { status };
    told = status;
    await pause(door, signal);
  }
  if (door.closing.aborted && told === Serving.SERVING) yield { status: Serving.NOT_SERVING };
}

async function servingStatus({ options: { kernel }, closing }: Door): Promise<Serving> {
  if (closing.aborted) return Serving.NOT_SERVING;
  const state = await kernel.health().then(
    (health) => health.state,
    () => 'failed',
  );
  return state === 'ok' ? Serving.SERVING : Serving.NOT_SERVING;
}

function pause({ options: { clock, limits } }: Door, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      stop();
      signal.removeEventListener('abort', goOn);
      resolve();
    };
    const stop = clock.after(limits.healthPollMs, goOn);
    if (signal.aborted) goOn();
    else signal.addEventListener('abort', goOn);
  });
}
