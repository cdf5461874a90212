import type { EnvReader } from '#shared/runtime/config.ts';
import { defaultReadEveryMs } from './revocation-list.ts';

export type RevocationSetting = 'REVOCATIONS_EVERY_MS';

/** `REVOCATIONS_EVERY_MS`: how long a revocation whose frame was lost may stay unknown. */
export function readRevocationsEveryMs(env: EnvReader<RevocationSetting>): number {
  return env.integer('REVOCATIONS_EVERY_MS', { default: defaultReadEveryMs, min: 100, max: 3_600_000 });
}
