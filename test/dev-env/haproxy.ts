import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment } from './bare-environment.ts';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { type Server, startServer } from './server.ts';

export type HaproxyOptions = {
  /** Ports of the workers that take `/hubs` and `/socket.io`, in turn. */
  readonly hubs: readonly number[];
  /** Ports of those that take all else. */
  readonly others: readonly number[];
};

/** A load balancer without stickiness, as stands in front of several workers; whoever refuses connections gets none. */
export async function startHaproxy({ hubs, others }: HaproxyOptions): Promise<Server> {
  const { server } = await startServer('haproxy', async (folder) => {
    const port = await freePort();
    const file = join(folder, 'haproxy.cfg');
    await writeFile(file, settings({ port, hubs, others }));
    return {
      url: `http://127.0.0.1:${port}`,
      port,
      process: {
        command: findCommand('haproxy') ?? 'haproxy',
        // Verbose, since it says nothing else when it serves; in the foreground, so that it dies with us.
        args: ['-V', '-db', '-f', file],
        env: bareEnvironment(),
        cwd: folder,
      },
      readyWhen: /^Using \w+\(\) as the polling mechanism/m,
    };
  });
  return server;
}

function settings({ port, hubs, others }: HaproxyOptions & { readonly port: number }): string {
  const servers = (ports: readonly number[]) =>
    ports.map((it) => `  server worker-${it} 127.0.0.1:${it} check inter 200ms fall 1 rise 1`).join('\n');
  return `
global
  maxconn 2000
defaults
  mode http
  balance roundrobin
  option redispatch
  retries 2
  timeout connect 1s
  timeout client 1m
  timeout server 1m
  timeout tunnel 10m
frontend public
  bind 127.0.0.1:${port}
  use_backend hubs if { path_beg /hubs/ /socket.io }
  default_backend others
backend hubs
${servers(hubs)}
backend others
${servers(others)}
`;
}
