import type { k8s } from 'cdk8s-plus-27';
import type { PlatformProps } from '../platform-props.ts';

export function pullSecretsOf({ images }: PlatformProps): Pick<k8s.PodSpec, 'imagePullSecrets'> {
  const { pullSecrets = [] } = images;
  return pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) };
}
