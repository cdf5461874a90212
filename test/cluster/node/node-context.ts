import type { Kube } from '../api/kube.ts';
import type { Claim, ConfigMap, Secret, Service } from '../api/objects.ts';
import type { Watched } from '../api/watch.ts';
import type { ImageTable } from '../images/image.ts';
import type { Layers } from './layers.ts';
import type { PacketRules } from './packet-rules.ts';

/** What all pods of a node share. */
export type NodeContext = {
  readonly kube: Kube;
  /** Kept until the cluster's end: logs and claims. */
  readonly folder: string;
  /** A tmpfs: the pods' folders. */
  readonly runFolder: string;
  readonly layers: Layers;
  readonly images: ImageTable;
  /** The first pause before a restart; it doubles. */
  readonly backoffMs: number;
  readonly services: Watched<Service>;
  readonly configMaps: Watched<ConfigMap>;
  readonly secrets: Watched<Secret>;
  readonly claims: Watched<Claim>;
  readonly packetRules: PacketRules;
  readonly log: (line: string) => void;
};
