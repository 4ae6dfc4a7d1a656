import { type EgressGuard, guardedConnector } from '@execgo/egress';
import { Agent } from 'undici';
import { type CheckUrl, type HttpAnswer, type HttpLimits, type HttpRequest, httpRequest } from './http-request.js';

const CONNECT_TIMEOUT_MS = 10_000;

/** Connections of the http tool, kept for the next request. */
export class HttpClient {
  private readonly agent: Agent;

  constructor(
    guard: EgressGuard,
    private readonly limits: HttpLimits,
    private readonly checkUrl: CheckUrl,
  ) {
    this.agent = new Agent({ connect: guardedConnector(guard, CONNECT_TIMEOUT_MS) });
  }

  /** @throws ExecGoError as `httpRequest` */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return httpRequest(request, this.agent, this.limits, this.checkUrl, signal);
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
