import type { k8s } from 'cdk8s-plus-27';
import type { ImageProps, OwnImage } from './platform-props.ts';

const defaultRegistry = 'ghcr.io/sonixy';

export const defaultStoreImages = {
  rabbitmq: 'docker.io/library/rabbitmq:4.3.5-management',
  mongodb: 'docker.io/library/mongo:8.0.26',
  redis: 'docker.io/library/redis:8.2.3',
} as const;

export type StoreImage = keyof typeof defaultStoreImages;

export function ownImage(images: ImageProps, name: OwnImage): Pick<k8s.Container, 'image' | 'imagePullPolicy'> {
  const { registry = defaultRegistry, tag, digests = {}, pullPolicy = 'IfNotPresent' } = images;
  const digest = digests[name];
  const version = digest === undefined ? `:${tag}` : `@${digest}`;
  return { image: `${registry}/sonixy-${name}${version}`, imagePullPolicy: pullPolicy };
}

export function storeImage(images: ImageProps, name: StoreImage): Pick<k8s.Container, 'image' | 'imagePullPolicy'> {
  return { image: images[name] ?? defaultStoreImages[name], imagePullPolicy: images.pullPolicy ?? 'IfNotPresent' };
}
