import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvReader } from '#shared/runtime/config.ts';

/** Where the API server is, and who we are there. */
export type KubeAccess = {
  readonly url: string;
  /** Read anew for each request: the kubelet exchanges token and CA while a pod runs. */
  credentials(): { readonly token: string; readonly ca: string };
};

export type InCluster = { readonly access: KubeAccess; readonly namespace: string };

export type KubernetesSetting = 'KUBERNETES_SERVICE_HOST' | 'KUBERNETES_SERVICE_PORT' | 'KUBERNETES_CREDENTIALS_DIR';

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What every pod is given whose service account's token is mounted. */
export function readInCluster(reader: EnvReader<KubernetesSetting>): InCluster {
  const host = reader.text('KUBERNETES_SERVICE_HOST');
  const port = reader.port('KUBERNETES_SERVICE_PORT', { default: 443 });
  const folder = reader.text('KUBERNETES_CREDENTIALS_DIR', { default: mounted });
  const contentOf = (file: string) => readFileSync(join(folder, file), 'utf8').trim();
  let namespace = '';
  try {
    namespace = contentOf('namespace');
    contentOf('token');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    reader.fault(`KUBERNETES_CREDENTIALS_DIR: no service account's token is mounted at ${folder} (${reason})`);
  }
  return {
    access: {
      url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      credentials: () => ({ token: contentOf('token'), ca: contentOf('ca.crt') }),
    },
    namespace,
  };
}
