/**
 * Secrets of a namespace whose contents are random, and their keys: manifests mount them, the bootstrap Job makes those that
 * are missing, init containers read them. They are made once and never changed, so a key that a later release needs goes
 * into a Secret of its own. What is made of them (definitions, ACLs, URLs) is made at each start.
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

export type SecretId = keyof typeof secrets;
export type SecretName = (typeof secrets)[SecretId]['name'];

/** A ConfigMap that says which Secrets have been there. Who deletes it, too, says that the data behind the lost ones is not needed. */
export const madeSecrets = 'sonixy-made-secrets';

/** Stores that may run beside us, each with a certificate of its own. */
export const stores = ['rabbitmq', 'mongodb', 'redis'] as const;
export type Store = (typeof stores)[number];

/** Of type kubernetes.io/tls, as cert-manager makes them too. Servers mount all keys, clients `ca.crt` only. */
export const certificateSecrets = { rabbitmq: 'rabbitmq-tls', mongodb: 'mongodb-tls', redis: 'redis-tls' } as const;
export const certificateKeys = { certificate: 'tls.crt', privateKey: 'tls.key', trusted: 'ca.crt' } as const;

/** The internal CA's own key pair, and its successor's before that signs: mounted by nobody. */
export const authoritySecret = 'sonixy-ca';
export const successorKeys = { nextCertificate: 'next.crt', nextPrivateKey: 'next.key' } as const;
