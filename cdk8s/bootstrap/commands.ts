import { stores } from '#shared/contract/secrets.ts';
import type { PlatformProps } from '../platform-props.ts';
import { certificateNames } from '../stores/certificate-names.ts';
import { ownStores } from '../stores/external-store.ts';
import { claimsOf } from '../stores/store-claims.ts';
import type { OneShot } from './one-shot.ts';

export function secretsCommand(): OneShot {
  const claims = { RABBITMQ_CLAIMS: claimsOf('rabbitmq').join(), MONGODB_CLAIMS: claimsOf('mongodb').join() };
  return { command: 'secrets', environment: claims };
}

export function certificatesCommand(platform: PlatformProps): OneShot {
  const { certificateSeconds, authoritySeconds, trustSeconds, settleSeconds } = platform.certificates ?? {};
  const own = ownStores(platform);
  const [rabbitmq, mongodb, redis] = stores.map((store) =>
    own.includes(store) ? certificateNames(store, platform).join() : undefined,
  );
  return {
    command: 'certificates',
    environment: {
      RABBITMQ_NAMES: rabbitmq,
      MONGODB_NAMES: mongodb,
      REDIS_NAMES: redis,
      CERTIFICATE_SECONDS: certificateSeconds,
      AUTHORITY_SECONDS: authoritySeconds,
      TRUST_SECONDS: trustSeconds,
      SETTLE_SECONDS: settleSeconds,
    },
  };
}
