/** Everything of ours carries it, and the operator finds it by it. */
export const partOf = 'sonixy-realtime';

/** Each is one workload, with its Service and its ServiceAccount of the same name. */
export type Component =
  | 'gateway'
  | 'notification'
  | 'chat'
  | 'hub'
  | 'rabbitmq'
  | 'mongodb'
  | 'redis'
  | 'bootstrap'
  | 'certificates';

export type Labels = Readonly<Record<string, string>>;

/** On pods and in selectors. Immutable in Deployments and StatefulSets: never change it. */
export function selectorOf(component: Component): Labels {
  return { 'app.kubernetes.io/name': component, 'app.kubernetes.io/part-of': partOf };
}

export function labelsOf(component: Component): Labels {
  return { ...selectorOf(component), 'app.kubernetes.io/instance': component };
}
