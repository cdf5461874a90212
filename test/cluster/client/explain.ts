import type { Kube } from '../api/kube.ts';
import type { KubeObject, List } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { whyPodNotReady } from './conditions.ts';

const LAST_EVENTS = 10;

type Event = KubeObject & {
  type: string;
  reason: string;
  message: string;
  lastTimestamp?: string;
  involvedObject: { kind: string; name: string };
};

/** What the pods and the warnings of a namespace say, for an error's text. */
export async function explain(kube: Kube, namespace: string): Promise<string> {
  const base = `/api/v1/namespaces/${namespace}`;
  const pods = (await kube.must<List<PodObject>>('GET', `${base}/pods`)).items.flatMap(
    (pod) => whyPodNotReady(pod) ?? [],
  );
  const events = (await kube.must<List<Event>>('GET', `${base}/events`)).items
    .filter(({ type }) => type === 'Warning')
    .toSorted((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''))
    .slice(-LAST_EVENTS)
    .map(
      ({ involvedObject, reason, message }) => `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`,
    );
  return [...pods, ...events].map((line) => `  ${line}`).join('\n');
}
