import { freePort } from '#test/dev-env/free-port.ts';
import { startService } from '#test/dev-env/process.ts';
import type { CrowdPlan, Talk } from './driver/crowd.ts';
import type { LoadPlan, LoadResult } from './driver/loads.ts';
import type { ChatSystem } from './systems.ts';

export type Driver = AsyncDisposable & {
  talks(): Promise<readonly Talk[]>;
  run(plan: LoadPlan): Promise<LoadResult>;
};

export type DriverOptions = Pick<CrowdPlan, 'conversations' | 'membersEach' | 'clients'> & {
  /** @default the gateway */
  readonly postUrls?: readonly string[];
};

/** A load generator in a process of its own, whose clients are all connected when this resolves. */
export async function startDriver(system: ChatSystem, { postUrls, ...crowd }: DriverOptions): Promise<Driver> {
  const { gatewayUrl, socketUrls, secret } = system;
  const plan: CrowdPlan = { gatewayUrl, socketUrls, secret, ...crowd };
  const url = `http://127.0.0.1:${await freePort()}`;
  const service = await startService({
    main: 'test/bench/chat/driver/main.ts',
    env: { PLAN: JSON.stringify(plan), POST_URLS: (postUrls ?? [gatewayUrl]).join(','), PORT: new URL(url).port },
    readyUrl: url,
    readyTimeoutMs: 60_000,
  });
  return {
    talks: async () => ((await (await fetch(url)).json()) as { talks: Talk[] }).talks,
    async run(load) {
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify(load) });
      if (!answer.ok) throw new Error(`the load generator answered ${answer.status}: ${service.output().slice(-2000)}`);
      return (await answer.json()) as LoadResult;
    },
    [Symbol.asyncDispose]: () => service.kill(),
  };
}
