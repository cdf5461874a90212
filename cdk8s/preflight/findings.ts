import type { PlatformProps, Scale } from '../platform-props.ts';
import { supportedVersions } from '../supported-versions.ts';
import type { Facts, StorageClass } from './facts.ts';

/** `error`: it will not run. `warning`: it runs and lacks something, or nobody can tell. */
export type Finding = { readonly level: 'error' | 'warning'; readonly what: string; readonly todo: string };

type Check = (facts: Facts, platform: PlatformProps) => readonly Finding[];

const enforcers =
  /^(calico-node|canal|cilium|antrea-agent|kube-router|weave-net|ovnkube-node|kindnet|azure-npm|anetd)$/;

/** What the cluster lacks and what to do about it; nothing: the platform can be applied. */
export function findingsOf(facts: Facts, platform: PlatformProps): Finding[] {
  return checks.flatMap((check) => check(facts, platform));
}

const error = (what: string, todo: string): Finding[] => [{ level: 'error', what, todo }];
const warning = (what: string, todo: string): Finding[] => [{ level: 'warning', what, todo }];

const version: Check = (facts) => {
  const { oldest, newest } = supportedVersions;
  if (isOlder(facts.version, oldest)) {
    return error(`Kubernetes ${facts.version} is older than ${oldest}`, `upgrade it to ${oldest} or later`);
  }
  return isOlder(newest, facts.version)
    ? warning(`Kubernetes ${facts.version} is newer than ${newest}, the last that was tried`, 'try it elsewhere first')
    : [];
};

const storage: Check = ({ storageClasses }, platform) => {
  if (storageClasses === undefined) return warning('StorageClasses may not be listed', 'ask whoever runs the cluster');
  return (['rabbitmq', 'mongodb'] as const).flatMap((store) => {
    const props = platform[store];
    return props.external ? [] : claimed(store, props.storageClass, storageClasses);
  });
};

function claimed(store: string, named: string | undefined, classes: readonly StorageClass[]): Finding[] {
  const found = classes.find(({ name, isDefault }) => (named === undefined ? isDefault : name === named));
  if (found) {
    const todo = `choose a larger storage of ${store} now, or another class: it can not be changed later`;
    return found.expands ? [] : warning(`claims of class ${found.name} can not grow`, todo);
  }
  const names = classes.map(({ name }) => name).join(', ') || 'none';
  return named === undefined
    ? error(
        `claims of ${store} get no volume: no StorageClass is the default`,
        `set ${store}.storageClass, there are: ${names}`,
      )
    : error(`claims of ${store} get no volume: there is no StorageClass ${named}`, `make it, or name one of: ${names}`);
}

const podSecurity: Check = ({ hasNamespace, enforcesPodSecurity }, { namespace }) => {
  if (!hasNamespace) {
    return warning(
      `there is no namespace ${namespace} yet`,
      'apply 1-namespace.yaml and run this again: then more can be told',
    );
  }
  if (enforcesPodSecurity === undefined)
    return warning('nobody can tell whether Pod Security is enforced', 'ask for the right to create pods');
  const todo = `label the namespace as 1-namespace.yaml does, and switch the admission plugin PodSecurity on`;
  return enforcesPodSecurity ? [] : warning(`${namespace} lets privileged pods in`, todo);
};

const metrics: Check = ({ apis }, { gateway, notification, chat, hub }) => {
  const scales = (...all: { readonly scale: Scale }[]) => all.some(({ scale }) => 'max' in scale);
  const lacksCpu = scales(gateway, notification, chat) && !apis.has('metrics.k8s.io/v1beta1');
  const lacksOwn =
    scales(hub) && !['custom.metrics.k8s.io/v1beta2', 'custom.metrics.k8s.io/v1beta1'].some((it) => apis.has(it));
  return [
    ...(lacksCpu
      ? warning('autoscalers of gateway, notification and chat hold still: no metrics.k8s.io', 'install metrics-server')
      : []),
    ...(lacksOwn
      ? warning(
          'the autoscaler of hub holds still: no custom.metrics.k8s.io',
          'install prometheus-adapter with prometheus-adapter-values.yaml, or give hub a fixed scale',
        )
      : []),
  ];
};

const customResources: Check = ({ apis }, { tls, routes, monitoring }) => {
  const needed: readonly (readonly [boolean, string, string])[] = [
    [tls === 'cert-manager', 'cert-manager.io/v1', 'install cert-manager, or set tls to internal'],
    [
      routes?.parents !== undefined,
      'gateway.networking.k8s.io/v1',
      'install a Gateway API implementation, or use routes.ingress',
    ],
    [monitoring !== undefined, 'monitoring.coreos.com/v1', 'install the Prometheus operator, or leave monitoring out'],
  ];
  return needed.flatMap(([isNeeded, api, todo]) =>
    isNeeded && !apis.has(api) ? error(`the cluster does not know ${api}`, todo) : [],
  );
};

const networkPolicies: Check = ({ daemonSets }) => {
  if (daemonSets?.some((name) => enforcers.test(name))) return [];
  return warning(
    'nobody can tell whether NetworkPolicies are enforced: no DaemonSet of a network that is known for it',
    'see that a pod of another namespace can not connect to redis:6379; else choose a network that enforces them',
  );
};

const zones: Check = ({ nodes }, { spread }) => {
  if (spread !== 'strict' || nodes === undefined) return [];
  const without = nodes.filter(({ zone }) => zone === undefined).length;
  if (without === 0) return [];
  return error(
    `${without} of ${nodes.length} nodes name no zone: no pod goes there`,
    'label them topology.kubernetes.io/zone, or set spread to soft',
  );
};

const tokens: Check = ({ hasNamespace, tokenKeys }, { namespace, tokens: { hs256Secret } }) => {
  if (!hs256Secret || !hasNamespace || tokenKeys?.includes(hs256Secret.key)) return [];
  const { name, key } = hs256Secret;
  return error(
    `the Secret ${name} with key ${key} is not there: no service starts`,
    `kubectl -n ${namespace} create secret generic ${name} --from-file=${key}=FILE`,
  );
};

const checks: readonly Check[] = [
  version,
  storage,
  podSecurity,
  metrics,
  customResources,
  networkPolicies,
  zones,
  tokens,
];

function isOlder(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
