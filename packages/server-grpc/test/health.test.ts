import type { KernelHealth } from '@execgo/core';
import { FakeClock } from '@execgo/testkit';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ExecGo } from '../src/gen/execgo/v1/execgo_pb.js';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '../src/gen/grpc/health/v1/health_pb.js';
import { GrpcClient } from './support/client.js';
import { fakeKernel } from './support/fake-kernel.js';
import { startGrpc } from './support/test-server.js';

const { check, watch } = Health.method;

async function started(state: KernelHealth['state'] = 'ok') {
  const clock = new FakeClock();
  const current = { state, asked: 0 };
  const health = async () => {
    current.asked += 1;
    return { state: current.state, problems: {} };
  };
  const server = await startGrpc(fakeKernel({ health }), { clock });
  return { clock, current, server, client: new GrpcClient(server.target) };
}

describe('health checking (grpc.health.v1)', () => {
  it('SERVING while the kernel takes work, NOT_SERVING otherwise, for the server and for its service', async () => {
    for (const service of ['', ExecGo.typeName]) {
      const { client, current } = await started();
      expect((await client.call(check, { service })).status).toBe(Serving.SERVING);
      for (const state of ['starting', 'stopping', 'failed'] as const) {
        current.state = state;
        expect((await client.call(check, { service })).status).toBe(Serving.NOT_SERVING);
      }
    }
  });

  it('a kernel that cannot even tell is NOT_SERVING', async () => {
    const kernel = fakeKernel({ health: () => Promise.reject(new Error('broken')) });
    const client = new GrpcClient((await startGrpc(kernel)).target);
    expect((await client.call(check, {})).status).toBe(Serving.NOT_SERVING);
    expect(await client.call(ExecGo.method.health, {})).toMatchObject({ status: 'ok', state: 'failed' });
  });

  it('a service that is not there: NOT_FOUND, and SERVICE_UNKNOWN to who watches', async () => {
    const { client } = await started();
    expect((await client.refusal(check, { service: 'other.Service' })).code).toBe(status.NOT_FOUND);
    const stream = client.stream(watch, { service: 'other.Service' });
    expect((await stream.next()).status).toBe(Serving.SERVICE_UNKNOWN);
    stream.cancel();
  });

  it('Watch tells the status, then every change, and NOT_SERVING when the server stops', async () => {
    const { client, clock, current, server } = await started('starting');
    const stream = client.stream(watch, {});
    expect((await stream.next()).status).toBe(Serving.NOT_SERVING);
    current.state = 'ok';
    const next = stream.next();
    await clock.advance(1000);
    expect((await next).status).toBe(Serving.SERVING);
    const last = stream.next();
    const closed = server.close();
    expect((await last).status).toBe(Serving.NOT_SERVING);
    expect((await stream.ended).code).toBe(status.UNAVAILABLE);
    await closed;
  });

  it('uptime is as Go prints it', async () => {
    const { client, clock } = await started();
    const uptime = async () => (await client.call(ExecGo.method.health, {})).uptime;
    expect(await uptime()).toBe('0s');
    await clock.advance(63_500);
    expect(await uptime()).toBe('1m3s');
    await clock.advance(2 * 3_600_000);
    expect(await uptime()).toBe('2h1m3s');
  });
});
