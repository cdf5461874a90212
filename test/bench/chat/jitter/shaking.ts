import { setTimeout as after } from 'node:timers/promises';
import { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';
import { startTcpProxy, type TcpProxy } from '#test/dev-env/tcp-proxy.ts';

export type Outage = { readonly cutAt: number; readonly healedAt: number };

export type ShakenNetwork = AsyncDisposable & {
  readonly url: string;
  readonly outages: readonly Outage[];
  /** Cuts every connection now and then, and lets none live for `offlineMs`, until `until`. Resolves when it is up for good. */
  shake(options: ShakeOptions): Promise<void>;
};

export type ShakeOptions = {
  readonly seed: number;
  /** Between two cuts on the average; each is between half and one and a half of it. */
  readonly everyMs: number;
  readonly offlineMs: number;
  /** Of `performance.now()`. */
  readonly until: number;
};

/** One client's way to the server. */
export async function shakenNetwork(serverUrl: string): Promise<ShakenNetwork> {
  const proxy = await startTcpProxy({ port: Number(new URL(serverUrl).port) });
  const outages: Outage[] = [];
  return {
    url: proxy.through(serverUrl).replace(/\/$/, ''),
    outages,
    async shake({ seed, everyMs, offlineMs, until }) {
      const random = new SeededRandom(seed);
      // The first cuts are spread, too.
      let waitMs = random.next() * everyMs;
      while (performance.now() + waitMs + offlineMs < until) {
        await after(waitMs);
        const cutAt = performance.now();
        await outage(proxy, offlineMs);
        outages.push({ cutAt, healedAt: performance.now() });
        waitMs = everyMs * (0.5 + random.next());
      }
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

/** The port stays ours: who connects meanwhile is cut before a byte has passed. */
async function outage(proxy: TcpProxy, offlineMs: number): Promise<void> {
  proxy.setFaults('toServer', { cutAfterBytes: 0, cutBy: 'reset' });
  proxy.cut('reset');
  await after(offlineMs);
  await proxy.heal();
}
