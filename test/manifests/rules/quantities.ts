import { quantity } from '#test/cluster/api/quantity.ts';
import { type Manifests, whereOf } from '../rendered/manifests.ts';
import type { WirePod } from '../rendered/wire.ts';
import { replicasOf } from './availability.ts';
import { faultsOf, part } from './each.ts';
import type { Rule } from './rule.ts';

const main = (manifests: Manifests) => manifests.containerOf('hub');
const GiB = 2 ** 30;

/** Every quantity of an object, by the field that it is in. */
function quantitiesOf(value: unknown, path = ''): { path: string; text: unknown }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const own = `${path}/${key}`;
    const isMap = /\/(requests|limits)$/.test(path);
    const isQuantity = isMap || ['sizeLimit', 'averageValue', 'divisor'].includes(key);
    return isQuantity ? [{ path: own, text: inner }] : quantitiesOf(inner, own);
  });
}

/** As the API server writes it back: of several spellings the shortest, in the same family of units. */
export function isCanonical(text: unknown): boolean {
  if (typeof text !== 'string') return false;
  const [, digits = '', unit = ''] = /^(0|[1-9]\d*)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(text) ?? [];
  if (digits === '') return false;
  if (digits === '0') return unit === '';
  if (unit.endsWith('i')) return unit === 'Ti' || Number(digits) % 1_024 !== 0;
  return unit === 'T' || !digits.endsWith('000');
}

/** What the scheduler sets aside for a pod: sidecars run beside the rest, init containers before it. */
function requestOf({ containers, initContainers = [] }: WirePod, resource: 'cpu' | 'memory'): number {
  const of = (list: WirePod['containers']) =>
    list.map(({ resources }) => quantity(resources?.requests?.[resource] ?? '0'));
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const inits = initContainers.filter(({ restartPolicy }) => restartPolicy !== 'Always');
  const sum = of([...containers, ...sidecars]).reduce((a, b) => a + b, 0);
  return Math.max(sum, ...of(inits).map((it) => it + of(sidecars).reduce((a, b) => a + b, 0)));
}

export function requestsOf(manifests: Manifests, resource: 'cpu' | 'memory'): number {
  return manifests.workloads
    .map((workload) => {
      const count = workload.kind === 'Job' || workload.kind === 'CronJob' ? 1 : replicasOf(manifests, workload);
      return count * requestOf(workload.template.spec, resource);
    })
    .reduce((a, b) => a + b, 0);
}

/** How much of what. */
export const quantityRules: readonly Rule[] = [
  {
    name: 'canonical-quantities',
    check: (manifests) =>
      manifests.objects.flatMap((object) =>
        faultsOf(
          quantitiesOf(object).map((it) => ({ ...it, where: whereOf(object) })),
          ({ path, text }) => (isCanonical(text) ? undefined : `${path} is ${text}: the server writes it otherwise`),
        ),
      ),
    breaks: {
      cpu: (it) => Object.assign(part(main(it).resources?.requests), { cpu: '1000m' }),
      'half a core': (it) => Object.assign(part(main(it).resources?.requests), { cpu: '0.5' }),
      memory: (it) => Object.assign(part(main(it).resources?.limits), { memory: '1024Mi' }),
      number: (it) => Object.assign(part(main(it).resources?.requests), { cpu: 1 }),
      claim: (it) =>
        Object.assign(part(it.get('StatefulSet', 'rabbitmq').spec.volumeClaimTemplates?.[0]).spec.resources.requests, {
          storage: '2048Gi',
        }),
      metric: (it) => {
        const [metric] = it.get('HorizontalPodAutoscaler', 'hub').spec.metrics as { pods: { target: object } }[];
        Object.assign(part(metric).pods.target, { averageValue: '5000' });
      },
    },
  },
  {
    name: 'kind-is-small',
    check: (manifests) => {
      const [cpu, memory] = [requestsOf(manifests, 'cpu'), requestsOf(manifests, 'memory') / GiB];
      return cpu <= 3 && memory <= 8
        ? []
        : [{ where: 'all', why: `asks for ${cpu.toFixed(2)} CPU and ${memory.toFixed(2)} GiB` }];
    },
    only: ['kind'],
    breaks: {
      cpu: (it) => Object.assign(part(main(it).resources?.requests), { cpu: '2' }),
      memory: (it) => Object.assign(part(it.containerOf('rabbitmq').resources?.requests), { memory: '3Gi' }),
      'an init container': (it) => {
        const [init] = part(it.podOf('rabbitmq').initContainers);
        Object.assign(part(part(init).resources?.requests), { cpu: '2' });
      },
    },
  },
  {
    name: 'scratch-is-bounded',
    check: (manifests) =>
      faultsOf(manifests.workloads, ({ template }) => {
        const open = (template.spec.volumes ?? []).filter(({ emptyDir }) => emptyDir && !emptyDir.sizeLimit);
        return open.length > 0 ? `may fill the node by ${open.map(({ name }) => name).join()}` : undefined;
      }),
    breaks: {
      tmp: (it) => delete part(it.podOf('hub').volumes?.find(({ emptyDir }) => emptyDir)).emptyDir?.sizeLimit,
    },
  },
];
