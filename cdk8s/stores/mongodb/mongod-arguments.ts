import { ports } from '../../addresses.ts';

/** Where the containers find what they mount. */
export const mongodbFolders = {
  data: '/data/db',
  /** The Secret with the certificate, as it is. */
  tls: '/etc/mongodb-tls',
  /** Key file, for mongod alone. */
  key: '/etc/mongodb-key',
  /** Certificate and key in one file: the sidecar writes it, mongod reads it. */
  pem: '/etc/mongodb-pem',
} as const;

export const mongodbKeyFile = `${mongodbFolders.key}/key-file`;
export const mongodbPemFile = `${mongodbFolders.pem}/server.pem`;

/** Never change it: the data of each member knows it. */
export const replicaSet = 'rs0';

export type MongodProps = {
  readonly tls: boolean;
  /** Of the container. */
  readonly memoryMi: number;
};

/**
 * Command line of MongoDB 8's mongod. Not a file: the sidecar's settings and these belong together, and a change of either
 * rolls the pods.
 *
 * @see https://www.mongodb.com/docs/manual/reference/program/mongod/
 */
export function mongodArguments({ tls, memoryMi }: MongodProps): string[] {
  return [
    'mongod',
    '--bind_ip_all',
    ...['--port', String(ports.mongodb)],
    ...['--dbpath', mongodbFolders.data],
    ...['--replSet', replicaSet],
    ...['--keyFile', mongodbKeyFile],
    ...['--wiredTigerCacheSizeGB', cacheGb(memoryMi)],
    '--nounixsocket',
    // Else each TCP probe is three lines of log.
    '--quiet',
    ...(tls
      ? [
          ...['--tlsMode', 'requireTLS'],
          ...['--tlsCertificateKeyFile', mongodbPemFile],
          ...['--tlsCAFile', `${mongodbFolders.tls}/ca.crt`],
          // Clients have passwords; members show their certificate to each other, and the key.
          '--tlsAllowConnectionsWithoutCertificates',
          ...['--tlsDisabledProtocols', 'TLS1_0,TLS1_1'],
        ]
      : []),
  ];
}

/** Half of what is left beside one GiB, as mongod itself would reckon on a machine of this size; at least what it takes. */
function cacheGb(memoryMi: number): string {
  return String(Math.max(0.25, Math.floor(((memoryMi - 1_024) / 2_048) * 100) / 100));
}
