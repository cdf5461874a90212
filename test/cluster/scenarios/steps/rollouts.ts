import { kubectl } from '../kubectl.ts';
import type { UnderTraffic } from '../traffic/under-traffic.ts';
import { becomesReady } from './becomes-ready.ts';
import { lookEveryMs, podsOf, services, untilGone } from './pods.ts';

/** Every Deployment of a service is rolled out, and RabbitMQ is restarted node by node: nobody gets anything but answers. */
export async function everythingIsRolledOut(under: UnderTraffic): Promise<void> {
  const { installed } = under;
  const old = await podsOf(installed, ...services, 'rabbitmq');
  const workloads = [...services.map((service) => `deployment/${service}`), 'statefulset/rabbitmq'];
  await kubectl(['rollout', 'restart', ...workloads, `--namespace=${installed.namespace}`]);
  await becomesReady(installed, lookEveryMs);
  // Those that drain are not counted any more.
  await untilGone(installed, old);
  await under.check({});
}
