import type { ContainerSecurity } from '../api/pod-spec.ts';

export type User = { uid: number; gid: number; groups: readonly number[] };

/** What a container has without any securityContext: containerd's default set. */
const DEFAULT_CAPABILITIES = [
  ...['chown', 'dac_override', 'fsetid', 'fowner', 'mknod', 'net_raw', 'setgid', 'setuid', 'setfcap', 'setpcap'],
  ...['net_bind_service', 'sys_chroot', 'kill', 'audit_write'],
];

/** The argv that gives up all that the container is not to have, and becomes `command`. */
export function unprivileged(
  command: readonly string[],
  { user, security, env, workingDir }: Omit<Privileges, 'argv'>,
): string[] {
  return [
    'setpriv',
    ...(security.allowPrivilegeEscalation === false ? ['--no-new-privs'] : []),
    ...[`--reuid=${user.uid}`, `--regid=${user.gid}`],
    user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups',
    ...[
      '--inh-caps=-all',
      `--bounding-set=-all${capabilities(security)
        .map((name) => `,+${name}`)
        .join('')}`,
    ],
    ...['--', 'env', '-i', '-C', workingDir],
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...command,
  ];
}

export type Privileges = {
  argv: readonly string[];
  user: User;
  security: ContainerSecurity;
  env: Readonly<Record<string, string>>;
  workingDir: string;
};

function capabilities({ privileged = false, capabilities: { add = [], drop = [] } = {} }: ContainerSecurity): string[] {
  const lower = (names: string[]) => names.map((name) => name.toLowerCase());
  const added = lower(add);
  const dropped = lower(drop);
  if (privileged || added.includes('all')) return ['all'];
  const kept = dropped.includes('all') ? [] : DEFAULT_CAPABILITIES.filter((name) => !dropped.includes(name));
  return [...kept, ...added];
}
