import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { peerAddress } from '#shared/http/client-address.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { createSealer } from '#shared/signalr/index.ts';
import { defaultForwardTimeouts, Forwarder, type ForwardLimits } from './forwarder.ts';
import { PassingMark } from './passing-mark.ts';

export const maxBodyBytes = 100_000;
export const ownerId = 'owner';

export type Listening = AsyncDisposable & { readonly port: number; readonly url: string; readonly server: Server };

/** Ends with all its connections. */
export async function serve(listener: RequestListener, host = '127.0.0.1'): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that says it is the worker which owns the connection. */
export async function serveOwner(listener: RequestListener, host?: string) {
  const requests: IncomingMessage[] = [];
  const listening = await serve((request, response) => {
    requests.push(request);
    response.setHeader('x-internal-worker', ownerId);
    listener(request, response);
  }, host);
  return { ...listening, requests };
}

export type Front = Listening & {
  readonly forwarder: Forwarder;
  readonly mark: PassingMark;
  /** By outcome. */
  counted(): Promise<Record<string, number>>;
};

/** A worker that owns nothing: forwards all to `address`; whatever is not answered it answers 599 with the outcome. */
export async function serveFront(address: string | undefined, limits: Partial<ForwardLimits> = {}): Promise<Front> {
  const metrics = createMetrics('hub');
  const mark = new PassingMark(createSealer({ current: '1', keys: new Map([['1', randomBytes(32)]]) }), clock);
  const forwarder = new Forwarder({
    workerId: 'front',
    mark,
    clientAddress: peerAddress,
    limits: { ...defaultForwardTimeouts, maxBodyBytes, ...limits },
    clock,
    metrics,
  });
  const listening = await serve((request, response) => {
    void forwarder.forward({ id: ownerId, address }, request, response).then((outcome) => {
      if (outcome !== 'answered') response.writeHead(599, { connection: 'close' }).end(outcome);
    });
  });
  return {
    ...listening,
    forwarder,
    mark,
    async counted() {
      const { values } = (await metrics.registry.getSingleMetric('hub_forwarded_requests_total')?.get()) ?? {
        values: [],
      };
      return Object.fromEntries(values.map(({ labels, value }) => [labels['outcome'], value]));
    },
    async [Symbol.asyncDispose]() {
      forwarder.close();
      await listening[Symbol.asyncDispose]();
    },
  };
}
