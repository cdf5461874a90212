import { certificateKeys, certificateSecrets, type Store } from '#shared/contract/secrets.ts';
import type { TrustSetting } from '#shared/runtime/trusted-certificates.ts';
import type { PlatformProps } from '../platform-props.ts';
import { externalOf } from '../stores/external-store.ts';
import { usesTls } from '../stores/store-hosts.ts';
import type { EnvironmentPart } from './environment-parts.ts';

const folder = '/var/run/secrets/sonixy/trusted';

/** Who signed the certificates of the stores that the service connects to, and nothing else of their Secrets. */
export function trustSettings(platform: PlatformProps, stores: readonly Store[]): EnvironmentPart<TrustSetting> {
  const sources = stores.flatMap((store) => {
    const external = externalOf(platform, store);
    const own = usesTls(platform) ? { secret: certificateSecrets[store], key: certificateKeys.trusted } : undefined;
    const ca = external ? external.ca : own;
    return ca ? [{ secret: { name: ca.secret, items: [{ key: ca.key, path: `${store}.crt` }] } }] : [];
  });
  if (sources.length === 0) return { environment: {}, mounts: [] };
  const name = 'trusted';
  return {
    environment: { TRUSTED_CA_DIR: folder },
    mounts: [
      {
        volume: { name, projected: { defaultMode: 0o444, sources } },
        mount: { name, mountPath: folder, readOnly: true },
      },
    ],
  };
}
