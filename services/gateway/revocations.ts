import { createHttpRevocationSource } from '#shared/auth/http-revocation-source.ts';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { RevocationList } from '#shared/auth/revocation-list.ts';
import { watchRevocations } from '#shared/auth/watch-revocations.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';
import type { GatewayConfig } from './config.ts';

type Parts = {
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
};

/** Who is banned, for a gateway that may ask (`INTERNAL_SECRET`) and hear (`REDIS_URL`); else the services refuse alone. */
export function openRevocations(
  { services, internalSecret, redisUrl, revocationsEveryMs }: GatewayConfig,
  { readiness, clock, log, metrics }: Parts,
): AsyncDisposable & { readonly list: RevocationList | undefined } {
  if (internalSecret === undefined || services.notification === undefined) {
    const detail = 'left to the services: INTERNAL_SECRET is not set';
    readiness.set('revocations', { ready: true, required: false, detail });
    return { list: undefined, async [Symbol.asyncDispose]() {} };
  }
  const tokens = createInternalTokens(internalSecret, clock);
  const backplane = redisUrl === undefined ? undefined : connectRedisBackplane({ url: redisUrl, log });
  const list = new RevocationList({
    source: createHttpRevocationSource({ url: services.notification, tokens }),
    readEveryMs: revocationsEveryMs,
    ...{ backplane, clock, log, metrics },
  });
  watchRevocations(readiness, list);
  return {
    list,
    async [Symbol.asyncDispose]() {
      await list.close();
      await backplane?.close();
    },
  };
}
