/**
 * Names of the Secrets that the bootstrap Job makes where they are missing, and their keys. They hold only what is random:
 * what is made of it (definitions, ACLs, URLs) is made at each start, so that a later release's reaches the servers.
 */
export const secrets = {
  internal: { name: 'sonixy-internal', keys: { internalSecret: 'internal-secret' } },
  hubIds: { name: 'sonixy-hub-ids', keys: { idKeys: 'id-keys' } },
  rabbitmq: {
    name: 'rabbitmq-passwords',
    keys: {
      admin: 'admin',
      monitoring: 'monitoring',
      notification: 'notification',
      chat: 'chat',
      hub: 'hub',
      erlangCookie: 'erlang-cookie',
    },
  },
  /** A publisher in another namespace takes a copy of it. */
  publisher: { name: 'rabbitmq-publisher', keys: { username: 'username', password: 'password' } },
  mongodb: {
    name: 'mongodb-passwords',
    keys: { admin: 'admin', notification: 'notification', chat: 'chat', monitoring: 'monitoring', keyFile: 'key-file' },
  },
  redis: {
    name: 'redis-passwords',
    keys: { gateway: 'gateway', notification: 'notification', chat: 'chat', hub: 'hub', admin: 'admin' },
  },
} as const;

export type SecretName = (typeof secrets)[keyof typeof secrets]['name'];
