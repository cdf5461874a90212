import { randomBytes } from 'node:crypto';

/** Who speaks to the API server, each by a static token: certificates only where TLS needs them. */
const USERS = {
  admin: { name: 'admin', group: 'system:masters' },
  controllers: { name: 'system:kube-controller-manager', group: '' },
  scheduler: { name: 'system:kube-scheduler', group: '' },
  proxy: { name: 'system:kube-proxy', group: '' },
  node: { name: 'node', group: 'system:masters' },
} as const;

export type User = keyof typeof USERS;

export function createTokens(): Record<User, string> {
  const token = () => randomBytes(16).toString('hex');
  return { admin: token(), controllers: token(), scheduler: token(), proxy: token(), node: token() };
}

/** The API server's `--token-auth-file`. */
export function tokenFile(tokens: Record<User, string>): string {
  return (Object.keys(USERS) as User[])
    .map((user) => {
      const { name, group } = USERS[user];
      return `${tokens[user]},${name},${user}${group === '' ? '' : `,"${group}"`}\n`;
    })
    .join('');
}

/** JSON, which is YAML. */
export function kubeconfig({ url, ca, token }: { url: string; ca: string; token: string }): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
