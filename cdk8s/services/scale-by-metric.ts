import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { type Component, labelsOf } from '../metadata.ts';
import type { AutoScale } from '../platform-props.ts';

/** Connections that a hub worker owns, by pod. */
export const connectionsMetric = 'hub_connections';

const decimalUnits = [
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const;

/** Sockets stay where they are: going down waits until those of the last step are back elsewhere. */
const downWindowSeconds = { cpu: 300, connections: 600 };

export function scaleByMetric(
  scope: Construct,
  component: Component,
  { min, max, target }: AutoScale,
  scaleOn: 'cpu' | 'connections',
): void {
  new k8s.KubeHorizontalPodAutoscalerV2(scope, 'autoscaler', {
    metadata: { name: component, labels: { ...labelsOf(component) } },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: component },
      minReplicas: min,
      maxReplicas: max,
      metrics: [scaleOn === 'cpu' ? cpu(target) : connections(target)],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Percent', value: 100, periodSeconds: 15 },
            { type: 'Pods', value: 4, periodSeconds: 15 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: downWindowSeconds[scaleOn],
          selectPolicy: 'Max',
          policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
        },
      },
    },
  });
}

function cpu(averageUtilization: number): k8s.MetricSpecV2 {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

function connections(mean: number): k8s.MetricSpecV2 {
  return {
    type: 'Pods',
    pods: {
      metric: { name: connectionsMetric },
      target: { type: 'AverageValue', averageValue: k8s.Quantity.fromString(canonical(mean)) },
    },
  };
}

/** As the server writes a whole number: else each apply would change it. */
function canonical(count: number): string {
  const [unit = '', factor = 1] = decimalUnits.find(([, size]) => count % size === 0) ?? [];
  return `${count / factor}${unit}`;
}
