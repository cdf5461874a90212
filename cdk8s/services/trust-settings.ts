import { certificateKeys, certificateSecrets, type Store } from '#shared/contract/secrets.ts';
import type { TrustSetting } from '#shared/runtime/trusted-certificates.ts';
import type { PlatformProps } from '../platform-props.ts';
import { usesTls } from '../stores/store-hosts.ts';
import type { EnvironmentPart } from './environment-parts.ts';

const folder = '/var/run/secrets/sonixy/trusted';

/** Who signed the certificates of the stores that the service connects to, and nothing else of their Secrets. */
export function trustSettings(platform: PlatformProps, stores: readonly Store[]): EnvironmentPart<TrustSetting> {
  if (!usesTls(platform)) return { environment: {}, mounts: [] };
  const sources = stores.map((store) => ({
    secret: {
      name: certificateSecrets[store],
      items: [{ key: certificateKeys.trusted, path: `${store}.crt` }],
    },
  }));
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
