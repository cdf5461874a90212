import type { k8s } from 'cdk8s-plus-27';
import { type Component, selectorOf } from '../metadata.ts';

/**
 * How pods of one kind are kept apart. `none`: one node. `soft`: over nodes and zones where there are several. `strict`:
 * over zones or not at all; on nodes without zone labels such pods stay Pending.
 */
export type Spread = 'none' | 'soft' | 'strict';

const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';

export function spreadOf(
  component: Component,
  spread: Spread,
): Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  if (spread === 'none') return {};
  const labelSelector = { matchLabels: { ...selectorOf(component) } };
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: host, labelSelector } },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: zone,
        whenUnsatisfiable: spread === 'strict' ? 'DoNotSchedule' : 'ScheduleAnyway',
        labelSelector,
      },
    ],
  };
}
