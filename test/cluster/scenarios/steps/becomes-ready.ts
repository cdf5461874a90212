import { eventually } from '../../../eventually.ts';
import type { Condition } from '../../api/objects.ts';
import { whyJobNotComplete, whyNotRolledOut } from '../../client/conditions.ts';
import type { Installed } from '../installed.ts';
import { getJson } from '../kubectl.ts';

/** Pulling images and forming clusters on a small machine. */
const timeoutMs = 20 * 60_000;

type Live = {
  kind: string;
  metadata: { name: string; namespace: string; uid: string; generation: number };
  spec: { replicas?: number; minReplicas?: number; scaleTargetRef?: { name: string } };
  status?: { conditions?: Condition[] };
};

/** Every workload has all its pods ready, as many as its autoscaler wants at least, and the bootstrap Job is through. */
export async function becomesReady({ namespace, objects }: Installed, everyMs = 5_000): Promise<void> {
  const kinds = ['Deployment', 'StatefulSet', 'Job', 'HorizontalPodAutoscaler'];
  const wanted = objects.filter(({ kind }) => kinds.includes(kind));
  await eventually(
    async () => {
      const { items } = await getJson<{ items: Live[] }>(kinds.join(), `--namespace=${namespace}`);
      const live = new Map(items.map((item) => [`${item.kind} ${item.metadata.name}`, item]));
      const reasons = wanted.map(({ kind, metadata }) => {
        const object = live.get(`${kind} ${metadata.name}`);
        return object === undefined ? `${kind} ${metadata.name} is not there` : whyNot(object, items);
      });
      return reasons.find((reason) => reason !== undefined);
    },
    { timeoutMs, everyMs },
  );
}

function whyNot(object: Live, all: readonly Live[]): string | undefined {
  if (object.kind === 'HorizontalPodAutoscaler') return undefined;
  if (object.kind === 'Job') return whyJobNotComplete(object as never);
  const scaler = all.find(({ spec }) => spec.scaleTargetRef?.name === object.metadata.name);
  const least = scaler?.spec.minReplicas ?? 1;
  const replicas = object.spec.replicas ?? 1;
  if (replicas < least) return `${object.metadata.name} has ${replicas} of at least ${least} replicas`;
  return whyNotRolledOut(object as never);
}
