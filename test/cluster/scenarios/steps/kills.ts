import type { Installed } from '../installed.ts';
import { deleteAtOnce, type KillProcess, processKiller } from '../kill-process.ts';
import type { Death } from '../traffic/judge.ts';
import type { UnderTraffic } from '../traffic/under-traffic.ts';
import { becomesReady } from './becomes-ready.ts';
import {
  type App,
  appOf,
  isReady,
  lookEveryMs,
  type PodObject,
  podsOf,
  restartsOf,
  services,
  untilGone,
  untilPods,
} from './pods.ts';

/** For a node that is told so to end the processes of a pod that is gone. */
const endMs = 2_000;

/** A process of each service and a RabbitMQ node get SIGKILL at one moment, and are restarted in place. */
export async function processesAreKilled(under: UnderTraffic): Promise<void> {
  const { installed, readiness } = under;
  const apps: readonly App[] = [...services, 'rabbitmq'];
  const kill = await processKiller();
  if (kill === undefined) {
    console.log('      nobody can kill a process on this cluster: pods are deleted instead');
    return deleteOneOfEach(under, apps);
  }
  const victims = await oneOfEach(under, apps);
  const from = Date.now();
  const deaths = await Promise.all(victims.map((pod) => death(pod, installed, kill)));
  const before = new Map(victims.map((pod) => [pod.metadata.uid, restartsOf(pod)]));
  await untilPods(installed, apps, (pods) => {
    const late = pods.find((pod) => {
      const restarts = before.get(pod.metadata.uid);
      return restarts !== undefined && !(restartsOf(pod) > restarts && isReady(pod));
    });
    return late && `${late.metadata.name} is not back`;
  });
  const seen = new Set(readiness.lapses(from).map(({ pod }) => pod));
  const unseen = victims.find(({ metadata }) => !seen.has(metadata.name));
  if (unseen) throw new Error(`nobody saw that ${unseen.metadata.name} was not Ready`);
  await under.check({ deaths });
}

/** A pod of each service goes without a warning, with its address. */
export function podsAreDeletedAtOnce(under: UnderTraffic): Promise<void> {
  return deleteOneOfEach(under, services);
}

async function deleteOneOfEach(under: UnderTraffic, apps: readonly App[]): Promise<void> {
  const { installed } = under;
  const victims = await oneOfEach(under, apps);
  const from = Date.now();
  await deleteAtOnce(...victims.map(({ metadata }) => ({ namespace: installed.namespace, name: metadata.name })));
  const to = Date.now() + endMs;
  await untilGone(installed, victims);
  await becomesReady(installed, lookEveryMs);
  await under.check({ deaths: apps.map((service) => ({ service, from, to })) });
}

async function oneOfEach({ installed }: UnderTraffic, apps: readonly App[]): Promise<readonly PodObject[]> {
  const pods = await podsOf(installed, ...apps);
  const victims = apps.map((app) => {
    const ready = pods.filter((each) => appOf(each) === app && isReady(each));
    const pod = ready[Math.floor(Math.random() * ready.length)];
    if (pod === undefined) throw new Error(`no pod of ${app} is Ready`);
    return pod;
  });
  console.log(`      ${victims.map(({ metadata }) => metadata.name).join(', ')}`);
  return victims;
}

async function death(pod: PodObject, { namespace }: Installed, kill: KillProcess): Promise<Death> {
  const from = Date.now();
  await kill({ namespace, name: pod.metadata.name });
  return { service: appOf(pod), from, to: Date.now() };
}
