/** What any object of the API has. Times are RFC 3339. */
export type Metadata = {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
};

export type KubeObject = { apiVersion?: string; kind?: string; metadata: Metadata };

export type List<T> = { metadata: { resourceVersion: string }; items: T[] };

export type Condition = {
  type: string;
  status: string;
  reason?: string | null;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
};

export type LabelSelector = {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }[];
};

export type ConfigMap = KubeObject & { data?: Record<string, string>; binaryData?: Record<string, string> };
/** `data` is base64. */
export type Secret = KubeObject & { data?: Record<string, string>; stringData?: Record<string, string> };
export type Namespace = KubeObject;
export type Service = KubeObject & {
  spec: { type?: string; clusterIP?: string; ports?: { name?: string; port: number; nodePort?: number }[] };
};
export type Claim = KubeObject & {
  spec: {
    volumeName?: string;
    storageClassName?: string;
    accessModes: string[];
    resources: { requests: { storage: string } };
  };
  status: { phase: string };
};
