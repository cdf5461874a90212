import type { KubeObject, LabelSelector, Metadata } from '#test/cluster/api/objects.ts';
import type { ContainerSecurity, ContainerSpec, PodSpec } from '#test/cluster/api/pod-spec.ts';

/** Rendered objects as they go over the wire, as far as rules read them. Mutable: a rule is proven by an object that breaks it. */
export type WireObject = KubeObject & { apiVersion: string; kind: string };

type Seccomp = { seccompProfile?: { type: string } };
type Hardening = Seccomp & {
  procMount?: string;
  appArmorProfile?: { type: string };
  seLinuxOptions?: { type?: string; user?: string; role?: string };
  windowsOptions?: { hostProcess?: boolean };
};

export type WireSecurity = ContainerSecurity & Hardening;
export type WireContainer = Omit<ContainerSpec, 'securityContext' | 'ports'> & {
  imagePullPolicy?: string;
  ports?: { name?: string; containerPort: number; hostPort?: number; protocol?: string }[];
  securityContext?: WireSecurity;
};

type PodSecurity = NonNullable<PodSpec['securityContext']> &
  Hardening & { fsGroupChangePolicy?: string; sysctls?: { name: string; value: string }[] };
type AffinityTerm = { topologyKey: string; labelSelector?: LabelSelector };

export type WirePod = Omit<PodSpec, 'securityContext' | 'containers' | 'initContainers'> & {
  hostPID?: boolean;
  hostIPC?: boolean;
  serviceAccount?: string;
  priorityClassName?: string;
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name: string }[];
  securityContext?: PodSecurity;
  affinity?: {
    podAntiAffinity?: {
      preferredDuringSchedulingIgnoredDuringExecution?: { weight: number; podAffinityTerm: AffinityTerm }[];
      requiredDuringSchedulingIgnoredDuringExecution?: AffinityTerm[];
    };
  };
  topologySpreadConstraints?: {
    maxSkew: number;
    topologyKey: string;
    whenUnsatisfiable: string;
    labelSelector?: LabelSelector;
  }[];
  initContainers?: WireContainer[];
  containers: WireContainer[];
};

export type Template = { metadata: Partial<Metadata>; spec: WirePod };
type JobSpec = { ttlSecondsAfterFinished?: number; backoffLimit?: number; template: Template };
type Workload = { selector: LabelSelector; template: Template; replicas?: number; minReadySeconds?: number };
type Claim = { metadata: Metadata; spec: { resources: { requests: { storage: string } } } };
type PolicyPeer = { podSelector?: LabelSelector; namespaceSelector?: LabelSelector; ipBlock?: unknown };
type PolicyPort = { protocol?: string; port?: number | string; endPort?: number };
export type PolicyRule = { from?: PolicyPeer[]; to?: PolicyPeer[]; ports?: PolicyPort[] };
export type AccessRule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };
type Binding = {
  roleRef: { kind: string; name: string };
  subjects?: { kind: string; name: string; namespace?: string }[];
};
type Backend = { service?: { name: string; port: { name?: string; number?: number } } };

/** Bodies by kind, beside what every object has. */
export type Bodies = {
  Namespace: object;
  ServiceAccount: { automountServiceAccountToken?: boolean };
  ConfigMap: { data?: Record<string, string> };
  Secret: { data?: Record<string, string>; stringData?: Record<string, string> };
  Service: {
    spec: {
      type?: string;
      clusterIP?: string;
      selector?: Record<string, string>;
      ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string }[];
    };
  };
  Deployment: { spec: Workload };
  StatefulSet: { spec: Workload & { serviceName?: string; volumeClaimTemplates?: Claim[] } };
  DaemonSet: { spec: Workload };
  Job: { spec: JobSpec };
  CronJob: { spec: { schedule: string; jobTemplate: { spec: JobSpec } } };
  PodDisruptionBudget: {
    spec: {
      maxUnavailable?: number | string;
      minAvailable?: number | string;
      selector: LabelSelector;
      unhealthyPodEvictionPolicy?: string;
    };
  };
  HorizontalPodAutoscaler: {
    spec: {
      scaleTargetRef: { apiVersion: string; kind: string; name: string };
      minReplicas?: number;
      maxReplicas: number;
      metrics?: unknown[];
    };
  };
  NetworkPolicy: {
    spec: { podSelector: LabelSelector; policyTypes: string[]; ingress?: PolicyRule[]; egress?: PolicyRule[] };
  };
  Role: { rules: AccessRule[] };
  ClusterRole: { rules: AccessRule[] };
  RoleBinding: Binding;
  ClusterRoleBinding: Binding;
  Ingress: { spec: { defaultBackend?: Backend; rules?: { http?: { paths: { backend: Backend }[] } }[] } };
  HTTPRoute: { spec: { rules?: { backendRefs?: { name: string; port?: number }[] }[] } };
  PodMonitor: { spec: { selector: LabelSelector; podMetricsEndpoints: { port?: string }[] } };
  ServiceMonitor: { spec: { selector: LabelSelector; endpoints: { port?: string }[] } };
};

export type Kind = keyof Bodies;
export type ObjectOf<K extends Kind> = WireObject & Bodies[K];
