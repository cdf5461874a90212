import type { Kube } from '../api/kube.ts';
import type { KubeObject, List } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { whyPodNotReady } from './conditions.ts';

const LAST_EVENTS = 10;
const LAST_LINES = 8;
const MAX_LINE_CHARACTERS = 300;

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
  const pods: string[] = [];
  for (const pod of (await kube.must<List<PodObject>>('GET', `${base}/pods`)).items) {
    const why = pod.status.phase === 'Succeeded' ? undefined : whyPodNotReady(pod);
    if (why !== undefined) pods.push(why, ...(await lastWords(kube, pod)));
  }
  const events = (await kube.must<List<Event>>('GET', `${base}/events`)).items
    .filter(({ type }) => type === 'Warning')
    .toSorted((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''))
    .slice(-LAST_EVENTS)
    .map(
      ({ involvedObject, reason, message }) => `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`,
    );
  return [...pods, ...events].map((line) => `  ${line}`).join('\n');
}

/** The last lines of its containers that are not ready; of the start before when the present one has said nothing. */
async function lastWords(kube: Kube, { metadata, status }: PodObject): Promise<string[]> {
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/log`;
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const words = await Promise.all(
    all
      .filter(({ ready }) => !ready)
      .map(async ({ name }) => {
        const read = async (previous: boolean) => {
          const query = new URLSearchParams({
            container: name,
            tailLines: String(LAST_LINES),
            previous: String(previous),
          });
          const { status: code, body } = await kube.request<string>('GET', `${path}?${query}`);
          return code === 200 ? body.split('\n').filter(Boolean) : [];
        };
        const lines = await read(false);
        return lines.length > 0 ? lines : read(true);
      }),
  );
  return words.flat().map((line) => `  ${line.slice(0, MAX_LINE_CHARACTERS)}`);
}
