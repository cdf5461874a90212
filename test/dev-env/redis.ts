import { bareEnvironment } from './bare-environment.ts';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { type Server, startServer } from './server.ts';

export type RedisOptions = {
  /** Keep data over a restart, each write on disk before it is acknowledged. @default false */
  appendOnly?: boolean;
  /** Speaks TLS and nothing else, as `localhost`, by tls.crt, tls.key and ca.crt of this folder. @default none */
  tlsFolder?: string;
  /** Its users. @default everybody may do everything */
  aclFile?: string;
};

/** A Redis of one's own. Without `appendOnly` it keeps nothing over a restart. */
export async function startRedis({ appendOnly = false, tlsFolder, aclFile }: RedisOptions = {}): Promise<Server> {
  const { server } = await startServer('redis', async (folder) => {
    const port = await freePort();
    return {
      url: tlsFolder === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${port}`,
      port,
      process: {
        command: findCommand('redis-server') ?? 'redis-server',
        args: [
          ...(tlsFolder === undefined ? ['--port', String(port)] : tlsArguments(port, tlsFolder)),
          ...['--bind', '127.0.0.1', '--dir', folder, '--save', ''],
          ...(aclFile === undefined ? [] : ['--aclfile', aclFile]),
          ...['--appendonly', appendOnly ? 'yes' : 'no', '--appendfsync', 'always'],
        ],
        env: bareEnvironment(),
        cwd: folder,
      },
      readyWhen: /Ready to accept connections/,
    };
  });
  return server;
}

function tlsArguments(port: number, folder: string): string[] {
  return [
    ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', `${folder}/tls.crt`, '--tls-key-file', `${folder}/tls.key`],
    ...['--tls-ca-cert-file', `${folder}/ca.crt`],
  ];
}
