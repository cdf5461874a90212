import type { Readiness } from '#shared/runtime/readiness.ts';
import type { Gateway } from './gateway.ts';
import type { LimiterWithFallback } from './limits/limiter-with-fallback.ts';

export type WatchedParts = {
  readonly gateway: Pick<Gateway, 'upstreams' | 'draining'>;
  /** undefined where no Redis is configured. */
  readonly limiter: Pick<LimiterWithFallback, 'counting'> | undefined;
};

/** An outage behind the gateway hits every replica alike: none is NotReady for it, a drain alone does that. */
export function watchGateway(readiness: Readiness, { gateway, limiter }: WatchedParts): void {
  readiness.watch('connections', () => ({
    ready: !gateway.draining,
    required: true,
    detail: gateway.draining ? 'draining' : 'taking connections',
  }));
  readiness.watch('limits', () => {
    if (!limiter)
      return { ready: true, required: false, detail: 'counted by this gateway alone: REDIS_URL is not set' };
    const shared = limiter.counting === 'shared';
    return {
      ready: shared,
      required: false,
      detail: shared ? 'counted together' : 'waiting for Redis: counted by this gateway alone',
    };
  });
  for (const { name, url, circuit } of gateway.upstreams) {
    readiness.watch(name, () => ({
      ready: !circuit.open,
      required: false,
      detail: circuit.open ? `does not answer at ${url.host}` : 'answers, or was not asked yet',
    }));
  }
}
