import type { k8s } from 'cdk8s-plus-27';

/** Where a value comes from: written here, or a field of the pod. */
export type EnvironmentValue = string | number | boolean | { readonly field: string };

/** By setting; what is undefined is left to the service's own default. */
export type Environment<Setting extends string> = Readonly<Partial<Record<Setting, EnvironmentValue | undefined>>>;

/** Sorted by name: the order in the code is no change. */
export function environmentOf<Setting extends string>(environment: Environment<Setting>): k8s.EnvVar[] {
  return Object.entries<EnvironmentValue | undefined>(environment)
    .flatMap(([name, value]) => (value === undefined ? [] : [toVariable(name, value)]))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toVariable(name: string, value: EnvironmentValue): k8s.EnvVar {
  return typeof value === 'object'
    ? { name, valueFrom: { fieldRef: { fieldPath: value.field } } }
    : { name, value: String(value) };
}
