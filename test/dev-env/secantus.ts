import { join } from 'node:path';
import { bareEnvironment } from './bare-environment.ts';
import { cacheFolder } from './cache-folder.ts';
import { freePort } from './free-port.ts';
import { type Server, startServer } from './server.ts';

/** Put there by scripts/deps.sh. */
export function secantusFolder(): string {
  return join(cacheFolder(), 'secantusdb-0.7.0b3');
}

/** SecantusDB: a second, independent server of MongoDB's wire protocol, for contract suites. Slow and beta. */
export async function startSecantus(): Promise<Server> {
  const installed = secantusFolder();
  const { server } = await startServer('secantus', async (folder) => {
    const port = await freePort();
    return {
      url: `mongodb://127.0.0.1:${port}/?directConnection=true`,
      port,
      process: {
        command: join(installed, 'bin', 'secantusd-py'),
        args: [
          ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', join(folder, 'data')],
          // Without it SIGKILL loses acknowledged writes.
          '--sync-on-commit',
          ...['--cache-size', '128M'],
        ],
        env: { ...bareEnvironment(), PYTHONPATH: installed, HOME: folder },
        cwd: folder,
      },
      readyWhen: /listening on 127\.0\.0\.1/,
    };
  });
  return server;
}
