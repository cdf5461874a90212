import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { type Component, labelsOf, selectorOf } from '../metadata.ts';

/** One pod at a time is taken away on purpose; one that is not healthy may always go. */
export function disruptionBudget(scope: Construct, component: Component): void {
  new k8s.KubePodDisruptionBudget(scope, 'budget', {
    metadata: { name: component, labels: { ...labelsOf(component) } },
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      selector: { matchLabels: { ...selectorOf(component) } },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  });
}
