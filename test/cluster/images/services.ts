import { join, resolve } from 'node:path';
import type { Image, ImageTable } from './image.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** What an image of ours carries of the checkout. */
const CARRIED = ['package.json', 'node_modules', 'services'];
/** As the Dockerfiles have it. */
const USER = 10_001;

/** What runs under the name of an image: the sources of this checkout, as the image's entry point would start them. */
const mains: Readonly<Record<string, string>> = {
  gateway: 'services/gateway/main.ts',
  notification: 'services/notification/main.ts',
  chat: 'services/chat/main.ts',
  hub: 'services/hub/main.ts',
  bootstrap: 'services/bootstrap/main.ts',
  'mongodb-sidecar': 'services/mongodb-sidecar/main.ts',
  'redis-sidecar': 'services/redis-sidecar/main.ts',
};

export function serviceImages(prefix: string): ImageTable {
  return Object.fromEntries(Object.entries(mains).map(([name, main]) => [prefix + name, sourceImage(main)]));
}

/** `main`: from the root of the repository. A container's `args` are its own. */
export function sourceImage(main: string): Image {
  const carried = CARRIED.map((name): [string, string] => [`/app/${name}`, join(ROOT, name)]);
  return {
    entryPoint: ['node', main],
    env: { NODE_ENV: 'production' },
    user: USER,
    group: 0,
    workingDir: '/app',
    mounts: { ...Object.fromEntries(carried), ...nodeMount },
  };
}

/** The Node of this checkout, where an image has it. */
export const nodeMount: Readonly<Record<string, string>> = { '/usr/local/bin/node': process.execPath };
