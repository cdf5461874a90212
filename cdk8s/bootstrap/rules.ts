import type { k8s } from 'cdk8s-plus-27';
import { authoritySecret, certificateSecrets, madeSecrets, secrets } from '#shared/contract/secrets.ts';
import { claimsOf } from '../stores/store-claims.ts';

/** No rule can say of what name an object may be created. */
export const createSecrets: k8s.PolicyRule = { apiGroups: [''], resources: ['secrets'], verbs: ['create'] };

export function secretRules(): k8s.PolicyRule[] {
  const names = Object.values(secrets).map(({ name }) => name);
  const claims = [...claimsOf('rabbitmq'), ...claimsOf('mongodb')];
  return [
    { apiGroups: [''], resources: ['secrets'], resourceNames: names, verbs: ['get'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [madeSecrets], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['persistentvolumeclaims'], resourceNames: claims, verbs: ['get'] },
    { apiGroups: ['apps'], resources: ['statefulsets'], resourceNames: ['rabbitmq', 'mongodb'], verbs: ['get'] },
  ];
}

export function certificateRules(): k8s.PolicyRule[] {
  const names = [authoritySecret, ...Object.values(certificateSecrets)];
  return [{ apiGroups: [''], resources: ['secrets'], resourceNames: names, verbs: ['get', 'patch'] }];
}
