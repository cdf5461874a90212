import type { PartName } from './control-plane/part.ts';
import type { ImageTable } from './images/image.ts';

export type ClusterSettings = {
  /** Names of nodes: one machine and one network, several nodes to the scheduler. @default node-0, node-1, node-2 */
  nodes?: readonly string[];
  /** Whether each node carries a zone label of its own. @default true */
  zones?: boolean;
  /** The first pause before a restart; it doubles. A kubelet's is 10,000. @default 1,000 */
  backoffMs?: number;
  /** More images, or other ones under the same name, see images/table.ts. */
  images?: ImageTable;
  /** More arguments of the control plane's parts, e.g. `--emulated-version=1.34`; they win. */
  arguments?: Partial<Record<PartName, readonly string[]>>;
};

/** What the process inside is told, as JSON in its folder. */
export type ClusterPlan = Required<ClusterSettings> & {
  /** The binary of control plane and tools. */
  kubetools: string;
};

/** How a cluster is reached from outside; plain data. */
export type ClusterAddress = {
  /** Logs, kubeconfig, claims; gone with the cluster. */
  readonly folder: string;
  /** The API server, through the tunnel: `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  /** Of an administrator. */
  readonly token: string;
  /** Files of this machine. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly helm: string;
};

export const fileNames = {
  plan: 'plan.json',
  tunnel: 'tunnel.sock',
  ca: 'ca.crt',
  adminToken: 'admin.token',
  kubeconfig: 'kubeconfig',
} as const;
