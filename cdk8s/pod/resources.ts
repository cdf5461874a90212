import { k8s } from 'cdk8s-plus-27';

export type Resources = {
  /** Canonical: `100m`, `1`, never `1000m`, which the server writes as `1` and every later apply would change. */
  readonly cpu: string;
  /** As `128Mi`. Request and limit are the same: a pod is not evicted for what it was promised. */
  readonly memory: string;
  /** @default none: a service that is throttled is slow for everybody */
  readonly cpuLimit?: string;
};

/** @throws Error for a quantity that the server would write otherwise */
export function resourcesOf({ cpu, memory, cpuLimit }: Resources): k8s.ResourceRequirements {
  for (const quantity of [cpu, cpuLimit]) if (quantity !== undefined) checkCpu(quantity);
  if (!/^[1-9]\d*(Mi|Gi)$/.test(memory) || Number.parseInt(memory, 10) % 1024 === 0) {
    throw new Error(`memory must be whole Mi or Gi in its shortest form, got ${memory}`);
  }
  const limit = cpuLimit === undefined ? {} : { cpu: k8s.Quantity.fromString(cpuLimit) };
  return {
    requests: { cpu: k8s.Quantity.fromString(cpu), memory: k8s.Quantity.fromString(memory) },
    limits: { ...limit, memory: k8s.Quantity.fromString(memory) },
  };
}

/** For settings of what runs in it. */
export function memoryMiOf({ memory }: Resources): number {
  return Number.parseInt(memory, 10) * (memory.endsWith('Gi') ? 1024 : 1);
}

function checkCpu(quantity: string): void {
  const isCanonical = /^[1-9]\d*$/.test(quantity) || (/^[1-9]\d*m$/.test(quantity) && !quantity.endsWith('000m'));
  if (!isCanonical) throw new Error(`cpu must be whole cores or thousandths in its shortest form, got ${quantity}`);
}
