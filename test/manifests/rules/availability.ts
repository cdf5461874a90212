import { selects } from '#test/cluster/api/selects.ts';
import { type Manifests, type Workload, whereOf } from '../rendered/manifests.ts';
import type { ObjectOf } from '../rendered/wire.ts';
import { faultsOf, part } from './each.ts';
import type { Fault, Rule } from './rule.ts';

type Budget = ObjectOf<'PodDisruptionBudget'>;
type Autoscaler = ObjectOf<'HorizontalPodAutoscaler'>;

const hub = (manifests: Manifests) => manifests.get('Deployment', 'hub').spec;
const budget = (manifests: Manifests) => manifests.get('PodDisruptionBudget', 'hub');
const autoscaler = (manifests: Manifests) => manifests.get('HorizontalPodAutoscaler', 'hub');

function autoscalerOf(manifests: Manifests, { kind, name }: Workload): Autoscaler | undefined {
  return manifests
    .of('HorizontalPodAutoscaler')
    .find(({ spec }) => spec.scaleTargetRef.kind === kind && spec.scaleTargetRef.name === name);
}

/** How many there are at least; an autoscaler owns the number where there is one. */
export function replicasOf(manifests: Manifests, workload: Workload): number {
  const { replicas } = (workload.object as ObjectOf<'Deployment'>).spec;
  return autoscalerOf(manifests, workload)?.spec.minReplicas ?? replicas ?? 1;
}

const severalOf = (manifests: Manifests) => manifests.servers.filter((it) => replicasOf(manifests, it) > 1);

function budgetFaults(
  manifests: Manifests,
  why: (budget: Budget, workload: Workload | undefined) => string | undefined,
): Fault[] {
  return manifests.of('PodDisruptionBudget').flatMap((it) => {
    const workload = manifests.servers.find(({ template }) =>
      selects(it.spec.selector, template.metadata.labels ?? {}),
    );
    return faultsOf([{ where: whereOf(it) }], () => why(it, workload));
  });
}

function autoscalerFaults(manifests: Manifests, why: (autoscaler: Autoscaler) => string | undefined): Fault[] {
  return manifests.of('HorizontalPodAutoscaler').flatMap((it) => faultsOf([{ where: whereOf(it) }], () => why(it)));
}

/** Whether there is always somebody who serves. */
export const availabilityRules: readonly Rule[] = [
  {
    name: 'pods-are-kept-apart',
    upstream: { kubeLinter: ['no-anti-affinity'] },
    check: (manifests) =>
      faultsOf(severalOf(manifests), ({ template: { spec, metadata } }) => {
        const { preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } =
          spec.affinity?.podAntiAffinity ?? {};
        const isApart = preferred.some(
          ({ podAffinityTerm: { topologyKey, labelSelector } }) =>
            topologyKey === 'kubernetes.io/hostname' && labelSelector && selects(labelSelector, metadata.labels ?? {}),
        );
        return isApart ? undefined : 'may have all its pods on one node';
      }),
    breaks: {
      none: (it) => delete hub(it).template.spec.affinity,
      'from others': (it) => {
        const [term] = part(
          hub(it).template.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution,
        );
        part(term).podAffinityTerm.labelSelector = { matchLabels: { 'app.kubernetes.io/name': 'chat' } };
      },
    },
  },
  {
    name: 'pods-are-spread-over-zones',
    upstream: { polaris: ['topologySpreadConstraint'] },
    check: (manifests) =>
      faultsOf(severalOf(manifests), ({ template: { spec, metadata } }) => {
        const wanted = manifests.platform.spread === 'strict' ? 'DoNotSchedule' : 'ScheduleAnyway';
        const isSpread = (spec.topologySpreadConstraints ?? []).some(
          ({ maxSkew, topologyKey, labelSelector, whenUnsatisfiable }) =>
            maxSkew === 1 &&
            topologyKey === 'topology.kubernetes.io/zone' &&
            whenUnsatisfiable === wanted &&
            labelSelector &&
            selects(labelSelector, metadata.labels ?? {}),
        );
        return isSpread ? undefined : 'may have all its pods in one zone, or waits for zones that are not there';
      }),
    breaks: {
      none: (it) => delete hub(it).template.spec.topologySpreadConstraints,
      'waits for zones': (it) =>
        Object.assign(part(hub(it).template.spec.topologySpreadConstraints?.[0]), {
          whenUnsatisfiable: 'DoNotSchedule',
        }),
      'of others': (it) =>
        Object.assign(part(hub(it).template.spec.topologySpreadConstraints?.[0]), {
          labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'chat' } },
        }),
    },
  },
  {
    name: 'has-a-budget',
    upstream: { polaris: ['missingPodDisruptionBudget'] },
    check: (manifests) =>
      faultsOf(severalOf(manifests), ({ template }) =>
        manifests.of('PodDisruptionBudget').some(({ spec }) => selects(spec.selector, template.metadata.labels ?? {}))
          ? undefined
          : 'may lose all its pods to one drain of nodes',
      ),
    breaks: {
      none: (it) => it.objects.splice(it.objects.indexOf(budget(it)), 1),
      'of others': (it) => Object.assign(budget(it).spec, { selector: { matchLabels: { app: 'nobody' } } }),
    },
  },
  {
    name: 'budgets-let-nodes-be-drained',
    upstream: { kubeLinter: ['pdb-max-unavailable', 'pdb-min-available'], polaris: ['pdbDisruptionsIsZero'] },
    check: (manifests) =>
      budgetFaults(manifests, ({ spec: { maxUnavailable, minAvailable } }, workload) => {
        if (maxUnavailable === 0 || maxUnavailable === '0%' || minAvailable === '100%') return 'lets no pod go';
        const replicas = workload ? replicasOf(manifests, workload) : 0;
        if (typeof minAvailable === 'number' && minAvailable >= replicas) return 'lets no pod go';
        return maxUnavailable === undefined && minAvailable === undefined ? 'says nothing' : undefined;
      }),
    breaks: {
      'none may go': (it) => Object.assign(budget(it).spec, { maxUnavailable: 0 }),
      'all must stay': (it) => {
        delete budget(it).spec.maxUnavailable;
        budget(it).spec.minAvailable = 3;
      },
      unsaid: (it) => delete budget(it).spec.maxUnavailable,
    },
  },
  {
    name: 'budgets-fit-the-autoscaler',
    upstream: { polaris: ['pdbMinAvailableGreaterThanHPAMinReplicas'] },
    check: (manifests) =>
      budgetFaults(manifests, ({ spec: { minAvailable } }, workload) => {
        const min = workload && autoscalerOf(manifests, workload)?.spec.minReplicas;
        return typeof minAvailable === 'number' && min !== undefined && minAvailable >= min
          ? 'asks for as many as the autoscaler leaves'
          : undefined;
      }),
    breaks: { all: (it) => Object.assign(budget(it).spec, { minAvailable: 3 }) },
  },
  {
    name: 'one-pod-goes-at-a-time',
    check: (manifests) =>
      budgetFaults(manifests, ({ spec: { maxUnavailable } }) =>
        maxUnavailable === 1 ? undefined : 'lets several go at once',
      ),
    breaks: { two: (it) => Object.assign(budget(it).spec, { maxUnavailable: 2 }) },
  },
  {
    name: 'sick-pods-may-go',
    upstream: { kubeLinter: ['pdb-unhealthy-pod-eviction-policy'] },
    check: (manifests) =>
      budgetFaults(manifests, ({ spec }) =>
        spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' ? undefined : 'keeps a node for a pod that does not work',
      ),
    breaks: { unsaid: (it) => delete budget(it).spec.unhealthyPodEvictionPolicy },
  },
  {
    name: 'autoscalers-start-with-three',
    upstream: { kubeLinter: ['hpa-minimum-three-replicas'] },
    check: (manifests) =>
      autoscalerFaults(manifests, ({ spec: { minReplicas = 1 } }) =>
        minReplicas >= 3 ? undefined : `goes down to ${minReplicas}`,
      ),
    breaks: {
      two: (it) => Object.assign(autoscaler(it).spec, { minReplicas: 2 }),
      unsaid: (it) => delete autoscaler(it).spec.minReplicas,
    },
  },
  {
    name: 'autoscalers-have-room',
    upstream: { polaris: ['hpaMinAvailability', 'hpaMaxAvailability'] },
    check: (manifests) =>
      autoscalerFaults(manifests, ({ spec: { minReplicas = 1, maxReplicas, metrics = [] } }) => {
        if (metrics.length === 0) return 'has nothing to go by';
        if (minReplicas < 2) return 'goes down to a single one';
        return maxReplicas > minReplicas ? undefined : 'has nowhere to go';
      }),
    breaks: {
      one: (it) => Object.assign(autoscaler(it).spec, { minReplicas: 1 }),
      'no room': (it) => Object.assign(autoscaler(it).spec, { maxReplicas: 3 }),
      'no metric': (it) => Object.assign(autoscaler(it).spec, { metrics: [] }),
    },
  },
  {
    name: 'the-autoscaler-owns-the-number',
    check: (manifests) =>
      faultsOf(manifests.servers, (workload) => {
        const { replicas } = (workload.object as ObjectOf<'Deployment'>).spec;
        const isScaled = autoscalerOf(manifests, workload) !== undefined;
        if (isScaled) return replicas === undefined ? undefined : 'is set back by each apply';
        return replicas === undefined ? 'says no number' : undefined;
      }),
    breaks: {
      'both say it': (it) => Object.assign(hub(it), { replicas: 3 }),
      'none says it': (it) => delete it.get('StatefulSet', 'rabbitmq').spec.replicas,
      'no autoscaler': (it) => it.objects.splice(it.objects.indexOf(autoscaler(it)), 1),
    },
  },
  {
    name: 'rollouts-wait',
    check: (manifests) =>
      faultsOf(severalOf(manifests), ({ object }) =>
        ((object as ObjectOf<'Deployment'>).spec.minReadySeconds ?? 0) >= 5
          ? undefined
          : 'goes on before a new pod has served',
      ),
    breaks: { unsaid: (it) => delete hub(it).minReadySeconds },
  },
  {
    name: 'rollouts-take-none-away',
    check: (manifests) =>
      faultsOf(
        severalOf(manifests).filter(({ kind }) => kind === 'Deployment'),
        ({ object }) => {
          const { strategy } = (object as unknown as { spec: { strategy?: Strategy } }).spec;
          const { maxUnavailable, maxSurge } = strategy?.rollingUpdate ?? {};
          return strategy?.type === 'RollingUpdate' && maxUnavailable === 0 && maxSurge === 1
            ? undefined
            : 'has fewer pods, or many more, while it is rolled out';
        },
      ),
    breaks: {
      'one less': (it) =>
        Object.assign(hub(it), {
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
        }),
      'the default': (it) => Object.assign(hub(it), { strategy: undefined }),
    },
  },
  {
    name: 'jobs-go-away',
    upstream: { kubeLinter: ['job-ttl-seconds-after-finished'] },
    check: (manifests) => {
      const jobs = [
        ...manifests.of('Job').map((it) => ({ where: whereOf(it), spec: it.spec })),
        ...manifests.of('CronJob').map((it) => ({ where: whereOf(it), spec: it.spec.jobTemplate.spec })),
      ];
      return faultsOf(jobs, ({ spec }) => (spec.ttlSecondsAfterFinished ? undefined : 'stays for ever'));
    },
    breaks: {
      job: (it) => delete part(it.of('Job')[0]).spec.ttlSecondsAfterFinished,
      'cron job': (it) => delete part(it.of('CronJob')[0]).spec.jobTemplate.spec.ttlSecondsAfterFinished,
    },
  },
  {
    name: 'has-a-priority',
    upstream: { polaris: ['priorityClassNotSet'] },
    check: (manifests) =>
      faultsOf(manifests.workloads, ({ template }) =>
        template.spec.priorityClassName ? undefined : 'has no priority',
      ),
    mend: (it) => {
      for (const { template } of it.workloads) template.spec.priorityClassName = 'realtime';
    },
    breaks: { unsaid: (it) => delete it.podOf('hub').priorityClassName },
  },
];

type Strategy = { type?: string; rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string } };
