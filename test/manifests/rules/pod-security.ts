import type { Contained, Manifests, Workload } from '../rendered/manifests.ts';
import type { WireContainer, WirePod, WireSecurity } from '../rendered/wire.ts';
import { eachContainer, eachWorkload, part } from './each.ts';
import type { Rule } from './rule.ts';

type Why = string | undefined;
type Security = Partial<Pick<WireSecurity, 'seccompProfile' | 'appArmorProfile' | 'seLinuxOptions' | 'windowsOptions'>>;

/** The pod's own and each container's; what says `undefined` is silent. */
const everywhere = (why: (security: Security, isPod: boolean) => Why) => (manifests: Manifests) => [
  ...eachWorkload(({ template }) => why(template.spec.securityContext ?? {}, true))(manifests),
  ...eachContainer(({ container }) => why(container.securityContext ?? {}, false))(manifests),
];
const ofPod = (why: (pod: WirePod) => Why) => eachWorkload(({ template }: Workload) => why(template.spec));
const ofContainer = (why: (container: WireContainer) => Why) =>
  eachContainer(({ container }: Contained) => why(container));

const pod = (manifests: Manifests) => manifests.podOf('hub');
const podSecurity = (manifests: Manifests) => part(pod(manifests).securityContext);
const main = (manifests: Manifests) => manifests.containerOf('hub');
const security = (manifests: Manifests) => part(main(manifests).securityContext);
const init = (manifests: Manifests) => part(manifests.podOf('redis').initContainers?.[0]);

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const allowedSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];

/**
 * Pod Security `restricted`, by init and sidecar containers, too.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const podSecurityRules: readonly Rule[] = [
  {
    name: 'host-namespaces',
    upstream: {
      podSecurity: ['Host Namespaces'],
      kubeLinter: ['host-ipc', 'host-network', 'host-pid'],
      polaris: ['hostIPCSet', 'hostNetworkSet', 'hostPIDSet'],
    },
    check: ofPod(({ hostNetwork, hostPID, hostIPC }) =>
      hostNetwork || hostPID || hostIPC ? 'shares a namespace of the node' : undefined,
    ),
    breaks: {
      network: (it) => Object.assign(pod(it), { hostNetwork: true }),
      pid: (it) => Object.assign(pod(it), { hostPID: true }),
      ipc: (it) => Object.assign(pod(it), { hostIPC: true }),
    },
  },
  {
    name: 'host-process',
    upstream: { podSecurity: ['HostProcess'] },
    check: everywhere(({ windowsOptions }) => (windowsOptions?.hostProcess ? 'is a process of the host' : undefined)),
    breaks: {
      pod: (it) => Object.assign(podSecurity(it), { windowsOptions: { hostProcess: true } }),
      container: (it) => Object.assign(security(it), { windowsOptions: { hostProcess: true } }),
    },
  },
  {
    name: 'privileged',
    upstream: {
      podSecurity: ['Privileged Containers'],
      kubeLinter: ['privileged-container'],
      polaris: ['runAsPrivileged'],
    },
    check: ofContainer(({ securityContext }) =>
      securityContext?.privileged === false ? undefined : 'does not say privileged: false',
    ),
    breaks: {
      container: (it) => Object.assign(security(it), { privileged: true }),
      'init container': (it) => Object.assign(part(init(it).securityContext), { privileged: true }),
      unsaid: (it) => delete security(it).privileged,
    },
  },
  {
    name: 'capabilities',
    upstream: {
      podSecurity: ['Capabilities'],
      kubeLinter: ['drop-net-raw-capability'],
      polaris: ['dangerousCapabilities', 'insecureCapabilities', 'linuxHardening'],
    },
    check: ofContainer(({ securityContext }) => {
      const { drop = [], add = [] } = securityContext?.capabilities ?? {};
      if (!drop.includes('ALL')) return 'does not drop ALL';
      const added = add.filter((name) => name !== 'NET_BIND_SERVICE');
      return added.length > 0 ? `adds ${added.join()}` : undefined;
    }),
    breaks: {
      kept: (it) => delete security(it).capabilities,
      'kept by an init container': (it) => delete part(init(it).securityContext).capabilities,
      'not all dropped': (it) => Object.assign(security(it), { capabilities: { drop: ['NET_RAW'] } }),
      added: (it) => Object.assign(security(it), { capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } }),
    },
  },
  {
    name: 'volume-types',
    upstream: {
      podSecurity: ['HostPath Volumes', 'Volume Types'],
      kubeLinter: ['docker-sock', 'sensitive-host-mounts'],
      polaris: ['hostPathSet'],
    },
    check: ofPod(({ volumes = [] }) => {
      const types = volumes.flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name'));
      const others = types.filter((type) => !allowedVolumes.includes(type));
      return others.length > 0 ? `mounts ${others.join()}` : undefined;
    }),
    breaks: {
      'of the host': (it) => pod(it).volumes?.push({ name: 'sock', hostPath: { path: '/var/run/docker.sock' } }),
      'of a network': (it) => pod(it).volumes?.push({ name: 'nfs', nfs: { server: 'nas' } } as never),
    },
  },
  {
    name: 'host-ports',
    upstream: { podSecurity: ['Host Ports'], polaris: ['hostPortSet'] },
    check: ofContainer(({ ports = [] }) =>
      ports.some(({ hostPort }) => hostPort) ? 'takes a port of the node' : undefined,
    ),
    breaks: { port: (it) => Object.assign(part(main(it).ports?.[0]), { hostPort: 80 }) },
  },
  {
    name: 'probe-hosts',
    upstream: { podSecurity: ['Host Probes / Lifecycle Hooks'] },
    check: ofContainer(({ startupProbe, readinessProbe, livenessProbe, lifecycle }) => {
      const handlers = [startupProbe, readinessProbe, livenessProbe, lifecycle?.postStart, lifecycle?.preStop];
      const isForeign = handlers.some((it) => it?.httpGet?.host ?? it?.tcpSocket?.host);
      return isForeign ? 'has the kubelet ask another host' : undefined;
    }),
    breaks: {
      http: (it) => Object.assign(part(main(it).livenessProbe?.httpGet), { host: '169.254.169.254' }),
      tcp: (it) => Object.assign(part(it.containerOf('redis').readinessProbe?.tcpSocket), { host: '10.0.0.1' }),
    },
  },
  {
    name: 'app-armor',
    upstream: { podSecurity: ['AppArmor'] },
    check: everywhere(({ appArmorProfile }) =>
      appArmorProfile?.type === 'Unconfined' ? 'is not confined by AppArmor' : undefined,
    ),
    breaks: { pod: (it) => Object.assign(podSecurity(it), { appArmorProfile: { type: 'Unconfined' } }) },
  },
  {
    name: 'selinux',
    upstream: { podSecurity: ['SELinux'] },
    check: everywhere(({ seLinuxOptions: { type = '', user, role } = {} }) => {
      const allowed = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
      return user || role || !allowed.includes(type) ? 'chooses an SELinux type, user or role of its own' : undefined;
    }),
    breaks: {
      type: (it) => Object.assign(security(it), { seLinuxOptions: { type: 'spc_t' } }),
      user: (it) => Object.assign(podSecurity(it), { seLinuxOptions: { user: 'root' } }),
    },
  },
  {
    name: 'proc-mount',
    upstream: { podSecurity: ['/proc Mount Type'], polaris: ['procMount'] },
    check: ofContainer(({ securityContext }) =>
      (securityContext?.procMount ?? 'Default') === 'Default' ? undefined : 'sees all of /proc',
    ),
    breaks: { unmasked: (it) => Object.assign(security(it), { procMount: 'Unmasked' }) },
  },
  {
    name: 'seccomp',
    upstream: { podSecurity: ['Seccomp'], polaris: ['linuxHardening'] },
    check: everywhere(({ seccompProfile }, isPod) => {
      if (seccompProfile === undefined) return isPod ? 'has no seccomp profile' : undefined;
      return ['RuntimeDefault', 'Localhost'].includes(seccompProfile.type) ? undefined : 'may make any system call';
    }),
    breaks: {
      none: (it) => delete podSecurity(it).seccompProfile,
      'a container without': (it) => Object.assign(security(it), { seccompProfile: { type: 'Unconfined' } }),
    },
  },
  {
    name: 'sysctls',
    upstream: { podSecurity: ['Sysctls'], kubeLinter: ['unsafe-sysctls'] },
    check: ofPod(({ securityContext }) => {
      const others = (securityContext?.sysctls ?? []).filter(({ name }) => !allowedSysctls.includes(name));
      return others.length > 0 ? `sets ${others.map(({ name }) => name).join()}` : undefined;
    }),
    breaks: {
      unsafe: (it) => Object.assign(podSecurity(it), { sysctls: [{ name: 'net.core.somaxconn', value: '4096' }] }),
    },
  },
  {
    name: 'privilege-escalation',
    upstream: {
      podSecurity: ['Privilege Escalation'],
      kubeLinter: ['privilege-escalation-container'],
      polaris: ['privilegeEscalationAllowed'],
    },
    check: ofContainer(({ securityContext }) =>
      securityContext?.allowPrivilegeEscalation === false ? undefined : 'may gain privileges',
    ),
    breaks: {
      unsaid: (it) => delete security(it).allowPrivilegeEscalation,
      'by an init container': (it) => Object.assign(part(init(it).securityContext), { allowPrivilegeEscalation: true }),
    },
  },
  {
    name: 'run-as-non-root',
    upstream: {
      podSecurity: ['Running as Non-root'],
      kubeLinter: ['run-as-non-root'],
      polaris: ['runAsRootAllowed'],
    },
    check: (manifests) => [
      ...ofPod(({ securityContext }) => (securityContext?.runAsNonRoot === true ? undefined : 'may run as root'))(
        manifests,
      ),
      ...ofContainer(({ securityContext }) =>
        securityContext?.runAsNonRoot === false ? 'may run as root' : undefined,
      )(manifests),
    ],
    breaks: {
      unsaid: (it) => delete podSecurity(it).runAsNonRoot,
      'a container that may': (it) => Object.assign(security(it), { runAsNonRoot: false }),
    },
  },
  {
    name: 'run-as-user',
    upstream: { podSecurity: ['Running as Non-root user'] },
    check: (manifests) => [
      ...ofPod(({ securityContext }) => (securityContext?.runAsUser === 0 ? 'is root' : undefined))(manifests),
      ...ofContainer(({ securityContext }) => (securityContext?.runAsUser === 0 ? 'is root' : undefined))(manifests),
    ],
    breaks: {
      pod: (it) => Object.assign(podSecurity(it), { runAsUser: 0 }),
      container: (it) => Object.assign(security(it), { runAsUser: 0 }),
    },
  },
  {
    name: 'namespace-enforces-restricted',
    check: (manifests) =>
      manifests.of('Namespace').flatMap(({ metadata: { name, labels = {} } }) => {
        const prefix = 'pod-security.kubernetes.io';
        const missing = ['enforce', 'audit', 'warn'].filter(
          (mode) => labels[`${prefix}/${mode}`] !== 'restricted' || labels[`${prefix}/${mode}-version`] !== 'latest',
        );
        return missing.map((mode) => ({ where: `Namespace/${name}`, why: `does not ${mode} the latest restricted` }));
      }),
    breaks: {
      'enforces nothing': (it) =>
        delete it.get('Namespace', 'sonixy-realtime').metadata.labels?.['pod-security.kubernetes.io/enforce'],
      'an older version': (it) =>
        Object.assign(it.get('Namespace', 'sonixy-realtime').metadata.labels ?? {}, {
          'pod-security.kubernetes.io/enforce-version': 'v1.20',
        }),
    },
  },
];
