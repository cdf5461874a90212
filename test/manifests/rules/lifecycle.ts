import { configHash } from '../../../cdk8s/pod/config-hash.ts';
import type { Manifests, Workload } from '../rendered/manifests.ts';
import { configMapsIn } from '../rendered/volumes.ts';
import type { WireContainer } from '../rendered/wire.ts';
import { eachWorkload, faultsOf, part } from './each.ts';
import { hostsOf } from './hosts.ts';
import type { Rule } from './rule.ts';

const main = (manifests: Manifests) => manifests.containerOf('hub');
const pod = (manifests: Manifests) => manifests.podOf('hub');
const setVariable = (container: WireContainer, name: string, value: string) => {
  const variable = container.env?.find((it) => it.name === name);
  if (variable) variable.value = value;
  else container.env?.push({ name, value });
};
/** Programs of ours that `run` of services/shared/runtime starts: it ends them after SHUTDOWN_TIMEOUT. */
const isOurServer = ({ image }: WireContainer) =>
  /\/sonixy-(gateway|notification|chat|hub|mongodb-sidecar|redis-sidecar)[:@]/.test(image);

/** Until TERM, in seconds, by what the hook says. */
function preStopSeconds({ lifecycle }: WireContainer): number {
  const { exec, sleep } = lifecycle?.preStop ?? {};
  const command = exec?.command.join(' ') ?? '';
  const said = /^sleep (\d+)$/.exec(command)?.[1] ?? /(?:-t|--timeout) (\d+)/.exec(command)?.[1];
  return sleep?.seconds ?? Number(said ?? 0);
}

function numberOf({ env = [] }: WireContainer, name: RegExp, fallback: number): number {
  const value = env.find((it) => name.test(it.name))?.value;
  return value === undefined ? fallback : Number(value);
}

function userFaults(why: (workload: Workload, ids: readonly (number | undefined)[]) => string | undefined) {
  return (manifests: Manifests) =>
    faultsOf(manifests.workloads, (workload) => {
      const { runAsUser, runAsGroup, fsGroup } = workload.template.spec.securityContext ?? {};
      return why(workload, [runAsUser, runAsGroup, fsGroup]);
    });
}

/** How pods begin, change and end. */
export const lifecycleRules: readonly Rule[] = [
  {
    name: 'grace-covers-the-drain',
    check: eachWorkload(({ template: { spec }, kind }) => {
      if (kind === 'Job' || kind === 'CronJob') return undefined;
      const grace = spec.terminationGracePeriodSeconds ?? 30;
      const short = spec.containers.filter((container) => {
        // 5 s for stores and others that end at once when they are told.
        const end = isOurServer(container) ? numberOf(container, /^SHUTDOWN_TIMEOUT$/, 30) : 5;
        return grace < preStopSeconds(container) + end;
      });
      return short.length > 0
        ? `kills ${short.map(({ name }) => name).join()} after ${grace} s, while it drains`
        : undefined;
    }),
    breaks: {
      shorter: (it) => Object.assign(pod(it), { terminationGracePeriodSeconds: 20 }),
      unsaid: (it) => delete pod(it).terminationGracePeriodSeconds,
      'a longer hook': (it) =>
        Object.assign(main(it), { lifecycle: { preStop: { exec: { command: ['sleep', '30'] } } } }),
      'a store': (it) => Object.assign(it.podOf('rabbitmq'), { terminationGracePeriodSeconds: 60 }),
    },
  },
  {
    name: 'the-process-waits-for-its-drain',
    check: eachWorkload(({ template: { spec } }) => {
      const short = spec.containers.filter((container) => {
        const drain = numberOf(container, /_DRAIN_WINDOW_MS$/, 15_000) / 1_000;
        return isOurServer(container) && numberOf(container, /^SHUTDOWN_TIMEOUT$/, 30) < drain + 5;
      });
      return short.length > 0 ? `${short.map(({ name }) => name).join()} ends itself while it drains` : undefined;
    }),
    breaks: {
      'a longer drain': (it) => setVariable(main(it), 'HUB_DRAIN_WINDOW_MS', '60000'),
      'a shorter wait': (it) => setVariable(main(it), 'SHUTDOWN_TIMEOUT', '30'),
    },
  },
  {
    name: 'endpoints-hear-of-the-end-first',
    check: (manifests) =>
      faultsOf(manifests.servers, ({ template: { spec, metadata } }) => {
        const isServed = manifests
          .of('Service')
          .some(
            ({ spec: { selector = {}, clusterIP } }) =>
              clusterIP !== 'None' &&
              Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value),
          );
        const hasty = spec.containers.filter((it) => isOurServer(it) && preStopSeconds(it) < 3);
        return isServed && hasty.length > 0 ? 'is sent requests that it takes no more' : undefined;
      }),
    breaks: { hasty: (it) => delete main(it).lifecycle },
  },
  {
    name: 'changed-config-rolls-pods',
    check: eachWorkload(({ template: { spec, metadata } }, manifests) => {
      const mounted = configMapsIn(spec);
      if (mounted.length === 0) return undefined;
      const contents = mounted.map((name) => manifests.find('ConfigMap', name)?.data);
      const [[key, hash] = ['', '']] = Object.entries(configHash(...contents));
      return metadata.annotations?.[key] === hash ? undefined : `keeps running with an old ${mounted.join()}`;
    }),
    breaks: {
      'no hash': (it) => delete it.get('StatefulSet', 'rabbitmq').spec.template.metadata.annotations,
      'a changed ConfigMap': (it) =>
        Object.assign(part(it.get('ConfigMap', 'redis').data), { 'redis.conf': 'maxmemory 1gb' }),
    },
  },
  {
    name: 'ids-are-named-or-left',
    check: (manifests) =>
      userFaults((_, ids) => {
        const named = ids.filter((id) => id !== undefined && id > 0).length;
        if (manifests.platform.userIds === 'assigned')
          return named === 0 ? undefined : 'names ids, which the cluster assigns';
        return named === 3 ? undefined : 'leaves user, group or the group of volumes to the image';
      })(manifests),
    breaks: {
      user: (it) => delete pod(it).securityContext?.runAsUser,
      group: (it) => delete pod(it).securityContext?.runAsGroup,
      volumes: (it) => delete pod(it).securityContext?.fsGroup,
    },
  },
  {
    name: 'big-volumes-are-not-walked',
    check: eachWorkload(({ template: { spec } }) =>
      spec.securityContext?.fsGroup === undefined || spec.securityContext.fsGroupChangePolicy === 'OnRootMismatch'
        ? undefined
        : 'has every file of its volumes changed at each start',
    ),
    breaks: { unsaid: (it) => delete pod(it).securityContext?.fsGroupChangePolicy },
  },
  {
    name: 'stores-are-spoken-to-by-tls',
    check: (manifests) => {
      const secret = manifests.platform.tls !== 'off';
      return manifests.containers.flatMap(({ container, where }) => {
        const stores = hostsOf(container.env ?? []).filter(({ host }) => /^(rabbitmq|redis|mongodb)/.test(host));
        return faultsOf([{ where }], () => {
          if (stores.some(({ tls }) => tls !== secret))
            return secret ? 'speaks with a store in the clear' : 'asks for TLS';
          const trusts = container.env?.some(({ name }) => name === 'TRUSTED_CA_DIR') ?? false;
          if (stores.length === 0 || trusts === secret) return undefined;
          return secret ? 'trusts no authority of the stores' : 'trusts an authority that is not there';
        });
      });
    },
    breaks: {
      clear: (it) => setVariable(main(it), 'REDIS_URL', 'redis://hub@redis:6379'),
      untrusted: (it) => {
        main(it).env = (main(it).env ?? []).filter(({ name }) => name !== 'TRUSTED_CA_DIR');
      },
    },
  },
];
