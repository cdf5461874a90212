/** Where the container finds what it mounts. */
export const redisFolders = {
  config: '/etc/redis',
  acl: '/etc/redis-acl',
  tls: '/etc/redis-tls',
  data: '/data',
} as const;

export type RedisConfProps = {
  readonly tls: boolean;
  readonly port: number;
  /** Of the container, in MiB: half of it for keys, the rest for buffers of slow subscribers. */
  readonly memoryMi: number;
};

/**
 * redis.conf of Redis 7 and 8 as a backplane: users from the ACL file, nothing on disk, nothing evicted.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/config/
 */
export function redisConf({ tls, port, memoryMi }: RedisConfProps): string {
  const listener = tls
    ? [
        'port 0',
        `tls-port ${port}`,
        `tls-cert-file ${redisFolders.tls}/tls.crt`,
        `tls-key-file ${redisFolders.tls}/tls.key`,
        `tls-ca-cert-file ${redisFolders.tls}/ca.crt`,
        'tls-auth-clients no',
        'tls-protocols "TLSv1.2 TLSv1.3"',
      ]
    : [`port ${port}`];
  const lines = [
    ...listener,
    'bind * -::*',
    'protected-mode yes',
    `aclfile ${redisFolders.acl}/users.acl`,
    'acl-pubsub-default resetchannels',
    'save ""',
    'appendonly no',
    `dir ${redisFolders.data}`,
    `maxmemory ${Math.floor(memoryMi / 2)}mb`,
    'maxmemory-policy noeviction',
    'client-output-buffer-limit pubsub 16mb 8mb 60',
    'maxclients 5000',
    'timeout 0',
    'tcp-keepalive 60',
    'enable-debug-command no',
    'enable-module-command no',
    'daemonize no',
    'logfile ""',
    'loglevel notice',
  ];
  return `${lines.join('\n')}\n`;
}
