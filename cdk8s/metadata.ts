/** Everything of ours carries it, and the operator finds it by it. */
export const partOf = 'sonixy-realtime';

/** Each is one workload, with its ServiceAccount, and its Service if it has one, of the same name. */
export const components = [
  'gateway',
  'notification',
  'chat',
  'hub',
  'rabbitmq',
  'mongodb',
  'redis',
  'bootstrap',
  'certificates',
] as const;

export type Component = (typeof components)[number];

export type Labels = Readonly<Record<string, string>>;

/** On pods and in selectors. Immutable in Deployments and StatefulSets: never change it. */
export function selectorOf(component: Component): Labels {
  return { 'app.kubernetes.io/name': component, 'app.kubernetes.io/part-of': partOf };
}

export function labelsOf(component: Component): Labels {
  return { ...selectorOf(component), 'app.kubernetes.io/instance': component };
}
