import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { eventually } from '#test/eventually.ts';
import { describeRateLimiter } from './rate-limiter.contract.ts';
import { connectRedisLimiter } from './redis-limiter.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('redis', 'limits', (url) => {
  describeRateLimiter('redis', { shared: true }, async () => {
    const limiter = connectRedisLimiter({
      url: await url(),
      log,
      keyPrefix: `test:${process.pid}:`,
      timeoutMs: 10_000,
    });
    await eventually(() => limiter.look().then(() => undefined));
    return limiter;
  });
});
