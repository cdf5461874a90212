import { selects } from '#test/cluster/api/selects.ts';
import { whereOf } from '../rendered/manifests.ts';
import type { ObjectOf } from '../rendered/wire.ts';
import { faultsOf, part } from './each.ts';
import type { Rule } from './rule.ts';
import { hasPort, labelsOfHub, selectedBy } from './wiring.ts';

/** Whether what is routed, scraped, scaled or named has somebody behind it. */
export const targetRules: readonly Rule[] = [
  {
    name: 'routes-lead-somewhere',
    upstream: { kubeLinter: ['dangling-ingress'] },
    check: (manifests) => {
      const backends = [
        ...manifests.of('Ingress').flatMap((it) => {
          const paths = (it.spec.rules ?? []).flatMap(({ http }) => http?.paths ?? []).map(({ backend }) => backend);
          return [...paths, ...(it.spec.defaultBackend ? [it.spec.defaultBackend] : [])].map((backend) => ({
            where: whereOf(it),
            name: backend.service?.name ?? '',
            port: backend.service?.port.name ?? backend.service?.port.number,
          }));
        }),
        ...manifests
          .of('HTTPRoute')
          .flatMap((it) =>
            (it.spec.rules ?? [])
              .flatMap(({ backendRefs = [] }) => backendRefs)
              .map(({ name, port }) => ({ where: whereOf(it), name, port })),
          ),
      ];
      return faultsOf(backends, ({ name, port }) => {
        const ports = manifests.find('Service', name)?.spec.ports ?? [];
        const isThere = ports.some((it) => it.port === port || it.name === port);
        return isThere ? undefined : `leads to ${name}:${port}, which is no Service`;
      });
    },
    breaks: {
      'no Service': (it) => it.objects.push(ingressTo('nobody', 80)),
      'no port': (it) => it.objects.push(ingressTo('hub', 80)),
    },
  },
  {
    name: 'monitors-have-services',
    upstream: { kubeLinter: ['dangling-servicemonitor'] },
    check: (manifests) =>
      faultsOf(
        manifests.of('ServiceMonitor').map((it) => ({ ...it, where: whereOf(it) })),
        ({ spec }) => {
          const found = manifests.of('Service').filter(({ metadata }) => selects(spec.selector, metadata.labels ?? {}));
          if (found.length === 0) return 'selects no Service';
          const ports = found.flatMap((it) => it.spec.ports ?? []).map(({ name }) => name);
          const dead = spec.endpoints.filter(({ port }) => !ports.includes(port));
          return dead.length > 0 ? `scrapes ${dead.map(({ port }) => port).join()}, which no Service has` : undefined;
        },
      ),
    breaks: {
      'no Service': (it) => it.objects.push(monitorOf({ app: 'nobody' }, 'http')),
      'no port': (it) => it.objects.push(monitorOf(labelsOfHub(it), 'telemetry')),
    },
  },
  {
    name: 'monitors-have-pods',
    check: (manifests) =>
      faultsOf(
        manifests.of('PodMonitor').map((it) => ({ ...it, where: whereOf(it) })),
        ({ spec }) => {
          const found = selectedBy(manifests, spec.selector.matchLabels);
          const dead = spec.podMetricsEndpoints.filter(({ port = '' }) => !found.some((it) => hasPort(it, port)));
          if (found.length === 0) return 'selects no pod';
          return dead.length > 0 ? `scrapes ${dead.map(({ port }) => port).join()}, which no container has` : undefined;
        },
      ),
    only: ['monitored'],
    breaks: {
      'no pod': (it) =>
        Object.assign(part(it.of('PodMonitor')[0]).spec, { selector: { matchLabels: { app: 'nobody' } } }),
      'no port': (it) =>
        Object.assign(part(it.of('PodMonitor')[0]?.spec.podMetricsEndpoints[0]), { port: 'telemetry' }),
    },
  },
  {
    name: 'autoscalers-have-a-target',
    upstream: { kubeLinter: ['dangling-horizontalpodautoscaler'] },
    check: (manifests) =>
      faultsOf(
        manifests.of('HorizontalPodAutoscaler').map((it) => ({ ...it, where: whereOf(it) })),
        ({ spec, metadata }) => {
          const { kind, name } = spec.scaleTargetRef;
          const isThere = manifests.workloads.some((it) => it.kind === kind && it.name === name);
          return isThere && name === metadata.name ? undefined : `scales ${kind}/${name}`;
        },
      ),
    breaks: {
      nobody: (it) => Object.assign(it.get('HorizontalPodAutoscaler', 'hub').spec.scaleTargetRef, { name: 'hubs' }),
      'somebody else': (it) =>
        Object.assign(it.get('HorizontalPodAutoscaler', 'hub').spec.scaleTargetRef, { name: 'chat' }),
      'another kind': (it) =>
        Object.assign(it.get('HorizontalPodAutoscaler', 'hub').spec.scaleTargetRef, { kind: 'StatefulSet' }),
    },
  },
  {
    name: 'stateful-pods-have-names',
    check: (manifests) =>
      faultsOf(
        manifests.of('StatefulSet').map((it) => ({ ...it, where: whereOf(it) })),
        ({ spec }) => {
          const governing = manifests.find('Service', spec.serviceName ?? '');
          return governing?.spec.clusterIP === 'None' ? undefined : `has no headless Service ${spec.serviceName}`;
        },
      ),
    breaks: {
      'no Service': (it) => Object.assign(it.get('StatefulSet', 'rabbitmq').spec, { serviceName: 'nobody' }),
      'with an address': (it) => delete it.get('Service', 'rabbitmq-nodes').spec.clusterIP,
    },
  },
];

function ingressTo(name: string, number: number): ObjectOf<'Ingress'> {
  const backend = { service: { name, port: { number } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'public' },
    spec: { rules: [{ http: { paths: [{ backend }] } }] },
  };
}

function monitorOf(matchLabels: Record<string, string>, port: string): ObjectOf<'ServiceMonitor'> {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'hub' },
    spec: { selector: { matchLabels }, endpoints: [{ port }] },
  };
}
