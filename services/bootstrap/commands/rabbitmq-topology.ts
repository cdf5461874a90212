import { setTimeout as sleep } from 'node:timers/promises';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { Topology } from '#shared/masstransit/topology.ts';
import { StartError } from '#shared/runtime/start-error.ts';
import { trustCertificatesOnce } from '#shared/runtime/trusted-certificates.ts';
import { platformTopologies } from '../rabbitmq/definitions.ts';
import { readTopologyConfig } from '../topology-config.ts';
import type { Command } from './command.ts';

const pauseMs = 500;

/** On a RabbitMQ that is not ours: makes our queues, exchanges and bindings where they lack. Safe to run again. */
export const rabbitmqTopologyCommand: Command = async ({ env, log, signal }) => {
  const { url, trustedCaDir, waitMs } = readTopologyConfig(env);
  trustCertificatesOnce(trustedCaDir);
  const bus = connectAmqpBus({ url, log, name: 'sonixy-bootstrap' });
  try {
    const end = Date.now() + waitMs;
    for (const topology of platformTopologies()) await declare(bus, topology, { end, signal });
    log.info('the topology is declared');
  } finally {
    await bus.close();
  }
};

async function declare(
  bus: Bus,
  topology: Topology,
  { end, signal }: { end: number; signal: AbortSignal },
): Promise<void> {
  for (;;) {
    try {
      return await bus.declare(topology, { mustMake: true });
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      if (error.code !== 'unavailable' || Date.now() >= end) {
        throw new StartError(`RabbitMQ does not take the topology: ${error.message}`);
      }
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
