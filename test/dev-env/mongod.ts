import { mkdir } from 'node:fs/promises';
import { bareEnvironment } from './bare-environment.ts';
import { findCommand } from './find-command.ts';
import { buildMongoDev } from './mongodev-build.ts';
import { type Server, startServer } from './server.ts';

export type MongodOptions = {
  readonly port: number;
  /** Made if it is not there, and left behind. */
  readonly dataFolder: string;
  readonly replicaSet: string;
  /** Only its owner may read it. */
  readonly keyFile: string;
  /** Without it: no TLS. */
  readonly tls?: { readonly pemFile: string; readonly caFile: string };
};

/**
 * MongoDev as a member of a replica set, by mongod's own options. Nothing is replicated but configuration and users, and
 * only the member that was initiated serves data (see mongodev/Replication.java).
 */
export async function startMongod({ port, dataFolder, replicaSet, keyFile, tls }: MongodOptions): Promise<Server> {
  const built = await buildMongoDev();
  await mkdir(dataFolder, { recursive: true });
  const { server } = await startServer('mongod', async (folder) => ({
    url: `mongodb://localhost:${port}/?replicaSet=${replicaSet}&authSource=admin${tls ? '&tls=true' : ''}`,
    port,
    process: {
      command: findCommand('java') ?? 'java',
      args: [
        ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx256m'],
        ...['-cp', `${built}/classes:${built}/lib/*`, 'MongoDev', 'mongod'],
        ...['--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', dataFolder],
        ...['--replSet', replicaSet, '--keyFile', keyFile],
        ...(tls
          ? [
              ...['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', tls.pemFile, '--tlsCAFile', tls.caFile],
              '--tlsAllowConnectionsWithoutCertificates',
            ]
          : []),
      ],
      env: bareEnvironment(),
      cwd: folder,
    },
    readyWhen: /^READY /m,
  }));
  return server;
}
