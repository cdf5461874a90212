import { setTimeout as sleep } from 'node:timers/promises';
import { deleteAtOnce } from '../kill-process.ts';
import { kubectl } from '../kubectl.ts';
import type { UnderTraffic } from '../traffic/under-traffic.ts';
import { becomesReady } from './becomes-ready.ts';
import { lookEveryMs, podsOf, services, untilGone } from './pods.ts';

/** Long enough for probes to notice what they should not mind: they look every 2 s, and believe it at the second time. */
const awayMs = 7_000;

/**
 * Redis goes away, then all of RabbitMQ as well, and both come back: all other pods are Ready all the time, messages are
 * taken all the time, and what was taken is displayed afterwards.
 */
export async function storesAreAway(under: UnderTraffic): Promise<void> {
  const { installed, readiness } = under;
  const [redis, nodes] = [await podsOf(installed, 'redis'), await podsOf(installed, 'rabbitmq')];
  const from = Date.now();
  await scale(under, 'deployment/redis', 0);
  await untilGone(installed, redis);
  await sleep(awayMs);
  await scale(under, 'statefulset/rabbitmq', 0);
  await deleteAtOnce(...nodes.map(({ metadata }) => ({ namespace: installed.namespace, name: metadata.name })));
  await untilGone(installed, nodes);
  await sleep(awayMs);
  const to = Date.now();
  await scale(under, 'deployment/redis', 1);
  await scale(under, 'statefulset/rabbitmq', nodes.length);
  await becomesReady(installed, lookEveryMs);
  await under.check({ acknowledgedIn: [{ from, to }] });
  const hadNone = (service: string) => readiness.without(service).some((span) => span.to >= from);
  const unseen = ['redis', 'rabbitmq'].filter((service) => !hadNone(service));
  if (unseen.length > 0) throw new Error(`nobody saw that ${unseen.join(', ')} had no endpoint`);
  const complaints = [
    ...readiness.lapses(from).map(({ pod, at }) => `${pod} was not Ready at ${new Date(at).toISOString()}`),
    ...services.filter(hadNone).map((service) => `${service} had no endpoint`),
  ];
  if (complaints.length > 0) throw new Error(complaints.join(', '));
}

async function scale({ installed }: UnderTraffic, what: string, replicas: number): Promise<void> {
  await kubectl(['scale', what, `--replicas=${replicas}`, `--namespace=${installed.namespace}`]);
}
