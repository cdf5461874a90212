import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '#test/eventually.ts';
import type { Limit, RateLimiter } from './rate-limiter.ts';

export type LimiterFeatures = {
  /** Limiters that are made one after the other share their counters. */
  readonly shared: boolean;
};

/** @param make a limiter that can count from the start */
export function describeRateLimiter(name: string, { shared }: LimiterFeatures, make: () => Promise<RateLimiter>): void {
  const open: RateLimiter[] = [];
  afterEach(async () => {
    for (const limiter of open.splice(0)) await limiter.close();
  });
  const start = async () => {
    const limiter = await make();
    open.push(limiter);
    return limiter;
  };
  const limitOf = (points: number, windowSeconds = 600): Limit => ({
    name: `n-${randomUUID()}`,
    points,
    windowSeconds,
  });

  describe(`rate limiter: ${name}`, () => {
    it('allows n calls and refuses the next', async () => {
      const limiter = await start();
      const limit = limitOf(3);
      const verdicts = [];
      for (let count = 0; count < 5; count += 1) verdicts.push(await limiter.consume(limit, 'alice'));
      expect(verdicts.map(({ allowed }) => allowed)).toEqual([true, true, true, false, false]);
      expect(verdicts.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0, 0]);
      for (const { resetMs } of verdicts) {
        expect(resetMs).toBeGreaterThan(0);
        expect(resetMs).toBeLessThanOrEqual(600_000);
      }
    });

    it('allows exactly n of calls that race', async () => {
      const limiters = shared ? [await start(), await start()] : [await start()];
      const limit = limitOf(50);
      const racing = Array.from({ length: 120 }, (_, index) =>
        limiters[index % limiters.length]?.consume(limit, 'alice'),
      );
      const allowed = (await Promise.all(racing)).filter((verdict) => verdict?.allowed);
      expect(allowed).toHaveLength(50);
    });

    it('counts each key and each limit for itself', async () => {
      const limiter = await start();
      const [one, other] = [limitOf(1), limitOf(1)];
      const keys = ['alice', 'bob', 'alice:', ':alice', 'a b\r\n', '𐀀', 'x'.repeat(256), ''];
      for (const key of keys) expect(await limiter.consume(one, key)).toMatchObject({ allowed: true });
      expect(await limiter.consume(other, 'alice')).toMatchObject({ allowed: true });
      for (const key of keys) expect(await limiter.consume(one, key)).toMatchObject({ allowed: false });
    });

    it('begins anew when the window ends', async () => {
      const limiter = await start();
      const limit = limitOf(1, 1);
      expect(await limiter.consume(limit, 'alice')).toMatchObject({ allowed: true });
      await eventually(async () => ((await limiter.consume(limit, 'alice')).allowed ? undefined : 'still refused'));
    });
  });
}
