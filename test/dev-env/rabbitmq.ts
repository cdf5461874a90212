import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bareEnvironment } from './bare-environment.ts';
import { spawnChild } from './child.ts';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { type Server, type ServerPlan, startServer } from './server.ts';

// Not the one in sbin: that wrapper insists on being root or rabbitmq.
export const RABBITMQ_BIN = '/usr/lib/rabbitmq/bin';

export type RabbitMqOptions = {
  /** Lines of rabbitmq.conf by which it listens on `port`, too, with TLS. @default it does not */
  tls?: (port: number) => readonly string[];
};

export interface RabbitMq extends Server {
  /** 0 where it speaks no TLS. */
  readonly tlsPort: number;
  /** `rabbitmqctl`, e.g. `ctl('list_queues', 'name', 'messages')`: its stdout. Costs about two CPU-seconds a call. */
  ctl(...args: string[]): Promise<string>;
}

type RabbitMqPlan = ServerPlan & { node: string; tlsPort: number };

/**
 * A RabbitMQ node of one's own. A start costs 9 CPU-seconds: tests that do not
 * kill the broker take `sharedRabbitMq()`. Wait a second between declaring a quorum queue and `kill()`: a single
 * RabbitMQ 3.10 node loses confirmed messages otherwise.
 */
export async function startRabbitMq({ tls }: RabbitMqOptions = {}): Promise<RabbitMq> {
  const { server, plan } = await startServer('rabbitmq', (folder) => planRabbitMq(folder, tls));
  const { env, cwd } = plan.process;
  const run = promisify(execFile);
  return Object.assign(server, {
    tlsPort: plan.tlsPort,
    async ctl(...args: string[]) {
      return (await run(join(RABBITMQ_BIN, 'rabbitmqctl'), ['-q', '-n', plan.node, ...args], { env, cwd })).stdout;
    },
  });
}

async function planRabbitMq(folder: string, tls: RabbitMqOptions['tls']): Promise<RabbitMqPlan> {
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const tlsPort = tls ? await freePort() : 0;
  const node = `rmq${port}@localhost`;
  const env = {
    ...bareEnvironment(),
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_FLAGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // Else the machine's rabbitmq-env.conf renames the node.
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_NODENAME: node,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    // These two make the script exec the Erlang machine, so that SIGKILL hits the broker itself.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_START_ARGS: '-noinput',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
  };
  await mkdir(join(folder, 'mnesia'));
  await mkdir(join(folder, 'log'));
  await writeFile(join(folder, '.erlang.cookie'), randomBytes(15).toString('hex'), { mode: 0o400 });
  await writeFile(env.RABBITMQ_ENABLED_PLUGINS_FILE, '[].\n');
  const limits = ['vm_memory_high_watermark.absolute = 768MiB', 'disk_free_limit.absolute = 50MB'];
  const lines = [...limits, 'log.file.level = info', ...(tls?.(tlsPort) ?? [])];
  await writeFile(env.RABBITMQ_CONFIG_FILE, `${lines.join('\n')}\n`);
  // Started here, or the broker would leave one behind as a daemon that outlives everything.
  const epmd = await spawnChild({
    command: findCommand('epmd') ?? 'epmd',
    args: ['-port', String(epmdPort), '-address', '127.0.0.1'],
    env,
    cwd: folder,
  });
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    tlsPort,
    node,
    process: { command: join(RABBITMQ_BIN, 'rabbitmq-server'), args: [], env, cwd: folder },
    readyWhen: /completed with \d+ plugins/,
    dispose: () => epmd.kill(),
  };
}
