import { helperImages } from './helpers.ts';
import type { ImageTable } from './image.ts';
import { serviceImages } from './services.ts';
import { storeImages } from './stores.ts';

/** Where our images are published: a pod names `ghcr.io/sonixy/sonixy-hub:1.2.3`. */
export const IMAGE_PREFIX = 'ghcr.io/sonixy/sonixy-';

/** All that a cluster here can run. A new process of ours is one line in services.ts. */
export function imageTable(prefix: string = IMAGE_PREFIX): ImageTable {
  return { ...serviceImages(prefix), ...storeImages(), ...helperImages() };
}
