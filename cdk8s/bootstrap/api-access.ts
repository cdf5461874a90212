import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { type Component, labelsOf } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';

/** An account and what it may do in this namespace, and nowhere else. Its token is mounted where a pod asks for it. */
export class ApiAccess extends Construct {
  constructor(
    scope: Construct,
    component: Component,
    { namespace }: Pick<PlatformProps, 'namespace'>,
    rules: readonly k8s.PolicyRule[],
  ) {
    super(scope, `${component}-access`);
    const metadata = { name: component, labels: { ...labelsOf(component) } };
    new k8s.KubeServiceAccount(this, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeRole(this, 'role', { metadata, rules: [...rules] });
    new k8s.KubeRoleBinding(this, 'binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: component },
      subjects: [{ kind: 'ServiceAccount', name: component, namespace }],
    });
  }
}
