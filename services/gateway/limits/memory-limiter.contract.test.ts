import { createMemoryLimiter } from './memory-limiter.ts';
import { describeRateLimiter } from './rate-limiter.contract.ts';

describeRateLimiter('memory', { shared: false }, async () => createMemoryLimiter());
