import type { RevokedTokens } from '#shared/auth/revocation-list.ts';
import { ScriptedBackplane } from '#shared/backplane/scripted-backplane.fixture.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { encodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { SimulatedStream } from '#shared/stream/position-simulator.fixture.ts';
import { SimulatedSource } from '#shared/stream/simulated-source.fixture.ts';
import { Hub } from './hub.ts';
import { defaultHubLimits, type HubLimits } from './hub-limits.ts';
import { ScriptedConnection } from './scripted-connection.fixture.ts';

const log = createLogger({ name: 'test', level: 'silent' });

/** A hub between a scripted backplane, a simulated service with alice's stream, and scripted clients. */
export function simulateHub<C extends Clock>(clock: C, limits: Partial<HubLimits> = {}, revoked?: RevokedTokens) {
  const source = new SimulatedSource();
  const stream = source.add(new SimulatedStream());
  const backplane = new ScriptedBackplane();
  const metrics = createMetrics('test');
  const parts = { source, backplane, revoked, clock, log, metrics };
  const hub = new Hub({ ...parts, limits: { ...defaultHubLimits, ...limits } });
  const channel = streamChannel(stream.stream);
  return {
    hub,
    clock,
    source,
    stream,
    backplane,
    metrics,
    publish: (...frames: PushFrame[]) => {
      for (const frame of frames) backplane.deliver(channel, encodePushFrame(frame));
    },
    join: (connection = new ScriptedConnection('alice'), { closeAtExpiry = false } = {}) => {
      const membership = hub.join(connection, { streams: [stream.stream], closeAtExpiry });
      connection.onClose = () => queueMicrotask(() => membership.leave());
      return { connection, membership, received: () => numbers(connection) };
    },
    /** Joins as the sockets do: the place is taken before the client is accepted. */
    async accept(connection?: ScriptedConnection) {
      await hub.prepare([stream.stream]);
      return this.join(connection);
    },
    count: async (name: string) => {
      const text = await metrics.registry.getSingleMetricAsString(name);
      return [...text.matchAll(/^\w+(?:\{[^}]*\})? (\d+)$/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
    },
  };
}

/** Numbers of the rows that came as ReceiveNotification, in order. */
function numbers(connection: ScriptedConnection): number[] {
  return connection.received
    .filter((message) => message.startsWith('ReceiveNotification '))
    .map((message) => Number(/row (\d+)/.exec(message)?.[1]));
}
