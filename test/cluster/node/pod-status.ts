import type { Condition } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { NODE_IP } from './addresses.ts';
import type { Container } from './container.ts';
import { apiTime } from './time.ts';

export type PodState = {
  object: PodObject;
  ip: string | undefined;
  phase: string;
  /** Why it ended, when that was not its containers' doing. */
  reason: string | undefined;
  startTime: string;
  /** All its init containers have ended well, or its sidecars started. */
  initialized: boolean;
  /** Nothing of it runs any more. */
  over: boolean;
  inits: readonly Container[];
  mains: readonly Container[];
};

/** The pod's status as the API has it. `before`: the conditions that were sent last. */
export function podStatus(state: PodState, before: ReadonlyMap<string, Condition>) {
  const { object, ip, phase, reason, startTime, initialized, over, inits, mains } = state;
  const { generation } = object.metadata;
  const running = [...mains, ...inits.filter(({ kind }) => kind === 'sidecar')];
  const containersReady = !over && ip !== undefined && running.every(({ ready }) => ready);
  const notReady = phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  const condition = (type: string, holds: boolean, why?: string): Condition => {
    const status = holds ? 'True' : 'False';
    const old = before.get(type);
    const since = old?.status === status ? old.lastTransitionTime : undefined;
    return {
      ...{ type, status },
      reason: holds ? null : (why ?? null),
      lastTransitionTime: since ?? apiTime(),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  };
  const ready = containersReady && gatesOpen(object);
  return {
    phase,
    ...(reason !== undefined && { reason }),
    ...{ startTime, hostIP: NODE_IP, hostIPs: [{ ip: NODE_IP }] },
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(ip !== undefined && { podIP: ip, podIPs: [{ ip }] }),
    conditions: [
      condition('PodReadyToStartContainers', !over && ip !== undefined),
      condition('Initialized', initialized, 'ContainersNotInitialized'),
      condition('ContainersReady', containersReady, notReady),
      condition('Ready', ready, containersReady ? 'ReadinessGatesNotReady' : notReady),
    ],
    containerStatuses: mains.map((container) => container.status()),
    ...(inits.length > 0 && { initContainerStatuses: inits.map((container) => container.status()) }),
  };
}

function gatesOpen({ spec, status }: PodObject): boolean {
  const conditions = status.conditions ?? [];
  return (spec.readinessGates ?? []).every(({ conditionType }) =>
    conditions.some(({ type, status: value }) => type === conditionType && value === 'True'),
  );
}
