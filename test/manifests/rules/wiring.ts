import { selects } from '#test/cluster/api/selects.ts';
import { type Manifests, type Workload, whereOf } from '../rendered/manifests.ts';
import type { ObjectOf, WireObject } from '../rendered/wire.ts';
import { faultsOf, part } from './each.ts';
import type { Fault, Rule } from './rule.ts';

/** Workloads whose pods carry these labels. */
export function selectedBy(manifests: Manifests, matchLabels: Record<string, string> | undefined): Workload[] {
  if (matchLabels === undefined) return [];
  return manifests.workloads.filter(({ template }) => selects({ matchLabels }, template.metadata.labels ?? {}));
}

export function hasPort({ template }: Workload, port: number | string): boolean {
  const { initContainers = [], containers } = template.spec;
  return [...initContainers, ...containers].some(({ ports = [] }) =>
    ports.some(({ name, containerPort }) => name === port || containerPort === port),
  );
}

function named(object: WireObject): WireObject & { where: string } {
  return { ...object, where: whereOf(object) };
}

const service = (manifests: Manifests) => manifests.get('Service', 'hub');

/** Labels of a pod are what Services, budgets and policies know it by: each must be missed. */
const withoutLabels = {
  'without its name': (it: Manifests) => delete labelsOfHub(it)['app.kubernetes.io/name'],
  'without what it is part of': (it: Manifests) => delete labelsOfHub(it)['app.kubernetes.io/part-of'],
};

export function labelsOfHub(manifests: Manifests): Record<string, string> {
  return part(manifests.get('Deployment', 'hub').spec.template.metadata.labels);
}

function selectors(manifests: Manifests): { object: WireObject; where: string; labels: Record<string, string> }[] {
  const of = (object: WireObject, labels: Record<string, string> | undefined) => ({
    object,
    where: whereOf(object),
    labels: labels ?? {},
  });
  return [
    ...manifests.of('Service').map((it) => of(it, it.spec.selector)),
    ...manifests.of('PodDisruptionBudget').map((it) => of(it, it.spec.selector.matchLabels)),
    ...(['Deployment', 'StatefulSet'] as const).flatMap((kind) =>
      manifests.of(kind).map((it) => of(it, it.spec.selector.matchLabels)),
    ),
  ];
}

function serviceFaults(manifests: Manifests, why: (it: ObjectOf<'Service'>) => string | undefined): Fault[] {
  return manifests.of('Service').flatMap((it) => faultsOf([named(it)], () => why(it)));
}

/** Whether what names another object by labels or by name finds it. */
export const wiringRules: readonly Rule[] = [
  {
    name: 'services-have-pods',
    upstream: { kubeLinter: ['dangling-service'] },
    check: (manifests) =>
      serviceFaults(manifests, ({ spec }) =>
        selectedBy(manifests, spec.selector).length === 0 ? 'selects no pod' : undefined,
      ),
    breaks: {
      'another label': (it) => Object.assign(service(it).spec, { selector: { app: 'hub' } }),
      'no selector': (it) => delete service(it).spec.selector,
      ...withoutLabels,
    },
  },
  {
    name: 'workloads-own-their-pods',
    upstream: { kubeLinter: ['mismatching-selector'] },
    check: (manifests) =>
      (['Deployment', 'StatefulSet', 'DaemonSet'] as const).flatMap((kind) =>
        manifests.of(kind).flatMap((it) => {
          const isOwn = selects(it.spec.selector, it.spec.template.metadata.labels ?? {});
          const why = isOwn ? undefined : 'does not select its own pods';
          return faultsOf([named(it)], () => why);
        }),
      ),
    breaks: {
      'another label': (it) =>
        Object.assign(part(it.get('StatefulSet', 'rabbitmq').spec.selector.matchLabels), { a: 'b' }),
      ...withoutLabels,
    },
  },
  {
    name: 'selectors-select-exactly-theirs',
    check: (manifests) =>
      faultsOf(selectors(manifests), ({ object, labels }) => {
        const own = object.metadata.labels?.['app.kubernetes.io/name'];
        const found = selectedBy(manifests, labels).map(
          ({ template }) => template.metadata.labels?.['app.kubernetes.io/name'],
        );
        return found.length === 1 && found[0] === own
          ? undefined
          : `selects ${found.length === 0 ? 'nothing' : found.join()}, is labelled ${own}`;
      }),
    breaks: {
      'a Service of two': (it) => delete part(service(it).spec.selector)['app.kubernetes.io/name'],
      'a budget of two': (it) =>
        delete part(it.get('PodDisruptionBudget', 'chat').spec.selector.matchLabels)['app.kubernetes.io/name'],
      "a Deployment of another's pods": (it) =>
        delete part(it.get('Deployment', 'hub').spec.selector.matchLabels)['app.kubernetes.io/name'],
      'a Service without a name of its own': (it) => delete service(it).metadata.labels?.['app.kubernetes.io/name'],
      ...withoutLabels,
    },
  },
  {
    name: 'selectors-say-whose',
    check: (manifests) =>
      faultsOf(selectors(manifests), ({ labels }) =>
        labels['app.kubernetes.io/part-of'] === 'sonixy-realtime' ? undefined : "may select others' pods of that name",
      ),
    breaks: {
      Service: (it) => delete part(service(it).spec.selector)['app.kubernetes.io/part-of'],
      budget: (it) =>
        delete part(it.get('PodDisruptionBudget', 'chat').spec.selector.matchLabels)['app.kubernetes.io/part-of'],
    },
  },
  {
    name: 'service-ports-lead-somewhere',
    upstream: { kubeLinter: ['invalid-target-ports'] },
    check: (manifests) =>
      serviceFaults(manifests, ({ spec }) => {
        const pods = selectedBy(manifests, spec.selector);
        const dead = (spec.ports ?? []).filter(
          ({ port, targetPort = port }) => !pods.some((it) => hasPort(it, targetPort)),
        );
        return dead.length > 0
          ? `leads to ${dead.map((it) => it.targetPort).join()}, which no container has`
          : undefined;
      }),
    breaks: {
      'another name': (it) => Object.assign(part(service(it).spec.ports?.[0]), { targetPort: 'https' }),
      'another number': (it) =>
        Object.assign(part(it.get('Service', 'rabbitmq').spec.ports?.[0]), { targetPort: 5670 }),
      'a port that is gone': (it) => it.containerOf('hub').ports?.shift(),
    },
  },
  {
    name: 'service-ports-are-whole',
    check: (manifests) =>
      serviceFaults(manifests, ({ spec: { ports = [], type } }) => {
        if (type !== 'ClusterIP' && type !== undefined) return `is of type ${type}`;
        return ports.length === 0 || ports.some(({ name, protocol }) => !name || !protocol)
          ? 'has ports without name or protocol'
          : undefined;
      }),
    breaks: {
      'no name': (it) => delete part(service(it).spec.ports?.[0]).name,
      'no protocol': (it) => delete part(service(it).spec.ports?.[0]).protocol,
      'no port': (it) => Object.assign(service(it).spec, { ports: [] }),
      'of a node': (it) => Object.assign(service(it).spec, { type: 'NodePort' }),
    },
  },
];
