import { join } from 'node:path';
import { bareEnvironment } from './bare-environment.ts';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { buildMongoDev } from './mongodev-build.ts';
import { type Server, startServer } from './server.ts';

/**
 * A server of MongoDB's wire protocol (see mongodev/MongoDev.java), standalone. It keeps acknowledged writes over
 * SIGKILL. No speed of it says anything about MongoDB.
 */
export async function startMongoDev(): Promise<Server> {
  const built = await buildMongoDev();
  const { server } = await startServer('mongodev', async (folder) => {
    const port = await freePort();
    return {
      url: `mongodb://127.0.0.1:${port}/?directConnection=true`,
      port,
      process: {
        command: findCommand('java') ?? 'java',
        args: [
          ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx512m'],
          ...['-cp', `${built}/classes:${built}/lib/*`, 'MongoDev'],
          ...['--listen', `127.0.0.1:${port}`, '--data', join(folder, 'data')],
        ],
        env: bareEnvironment(),
        cwd: folder,
      },
      readyWhen: /^READY /m,
    };
  });
  return server;
}
