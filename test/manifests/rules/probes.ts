import type { Contained, Manifests } from '../rendered/manifests.ts';
import { eachContainer, faultsOf, part } from './each.ts';
import type { Rule } from './rule.ts';

const main = (manifests: Manifests) => manifests.containerOf('hub');
const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
type ProbeName = (typeof probes)[number];

/** Of containers that serve: not those that run to their end. */
const serving = (why: (contained: Contained) => string | undefined) => (manifests: Manifests) =>
  faultsOf(
    manifests.containers.filter(({ isInit, workload: { kind } }) => !isInit && kind !== 'Job' && kind !== 'CronJob'),
    why,
  );

function probePort(name: ProbeName, kubeLinter: string): Rule {
  return {
    name: `${name}-has-a-port`,
    upstream: { kubeLinter: [kubeLinter] },
    check: eachContainer(({ container }) => {
      const probe = container[name];
      const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port;
      if (port === undefined) return undefined;
      const isThere = (container.ports ?? []).some((it) => it.name === port || it.containerPort === port);
      return isThere ? undefined : `asks port ${port}, which the container does not have`;
    }),
    breaks: {
      'of another name': (it) => Object.assign(part(main(it)[name]?.httpGet), { port: 'metrics' }),
      'that is gone': (it) => {
        main(it).ports = (main(it).ports ?? []).filter(({ name: port }) => port !== 'ops');
      },
    },
  };
}

function hasProbe(name: ProbeName, upstream: NonNullable<Rule['upstream']>): Rule {
  return {
    name: `has-${name}`,
    upstream,
    check: serving(({ container }) => (container[name] ? undefined : `has no ${name}`)),
    breaks: {
      service: (it) => delete main(it)[name],
      store: (it) => delete it.containerOf('redis')[name],
    },
  };
}

/** How the kubelet knows how a container is. */
export const probeRules: readonly Rule[] = [
  hasProbe('startupProbe', {}),
  hasProbe('readinessProbe', { kubeLinter: ['no-readiness-probe'], polaris: ['readinessProbeMissing'] }),
  hasProbe('livenessProbe', { kubeLinter: ['no-liveness-probe'], polaris: ['livenessProbeMissing'] }),
  probePort('startupProbe', 'startup-port'),
  probePort('readinessProbe', 'readiness-port'),
  probePort('livenessProbe', 'liveness-port'),
  {
    name: 'a-slow-start-is-not-killed',
    check: serving(({ container: { startupProbe: { periodSeconds = 10, failureThreshold = 3 } = {} } }) =>
      periodSeconds * failureThreshold >= 60 ? undefined : 'is killed when it starts for a minute',
    ),
    breaks: { impatient: (it) => Object.assign(part(main(it).startupProbe), { failureThreshold: 5 }) },
  },
  {
    name: 'a-busy-moment-is-not-killed',
    check: serving(({ container: { livenessProbe } }) => {
      if (!livenessProbe) return undefined;
      const { periodSeconds = 10, failureThreshold = 3, timeoutSeconds = 1 } = livenessProbe;
      return periodSeconds * failureThreshold >= 30 && timeoutSeconds >= 2 ? undefined : 'is killed for a pause';
    }),
    breaks: {
      impatient: (it) => Object.assign(part(main(it).livenessProbe), { failureThreshold: 1 }),
      'in a second': (it) => delete part(main(it).livenessProbe).timeoutSeconds,
    },
  },
  {
    name: 'liveness-asks-nobody-else',
    check: serving(({ container: { livenessProbe } }) =>
      livenessProbe?.httpGet?.path?.includes('ready') ? 'is killed for what others do' : undefined,
    ),
    breaks: { readiness: (it) => Object.assign(part(main(it).livenessProbe?.httpGet), { path: '/readyz' }) },
  },
  {
    name: 'readiness-asks-for-readiness',
    check: serving(({ container: { readinessProbe } }) =>
      readinessProbe?.httpGet && readinessProbe.httpGet.path !== '/readyz' ? 'is ready before it serves' : undefined,
    ),
    breaks: { liveness: (it) => Object.assign(part(main(it).readinessProbe?.httpGet), { path: '/livez' }) },
  },
];
