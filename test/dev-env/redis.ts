import { bareEnvironment } from './bare-environment.ts';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { type Server, startServer } from './server.ts';

export type RedisOptions = {
  /** Keep data over a restart, each write on disk before it is acknowledged. @default false */
  appendOnly?: boolean;
};

/** A Redis of one's own. Without `appendOnly` it keeps nothing over a restart. */
export async function startRedis({ appendOnly = false }: RedisOptions = {}): Promise<Server> {
  const { server } = await startServer('redis', async (folder) => {
    const port = await freePort();
    return {
      url: `redis://127.0.0.1:${port}`,
      port,
      process: {
        command: findCommand('redis-server') ?? 'redis-server',
        args: [
          ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
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
