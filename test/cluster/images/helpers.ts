import { join } from 'node:path';
import type { Image, ImageTable } from './image.ts';
import { nodeMount } from './services.ts';

/** Images for tests alone. */
export function helperImages(): ImageTable {
  return {
    /** The machine's shell, with its curl and getent, and Node. */
    'test/shell': { entryPoint: [], args: ['sleep', 'infinity'], mounts: nodeMount },
    /** images/test-server.ts: says its host name over HTTP, or loads another. */
    'test/server': program('test-server.ts'),
    /** images/metrics-api.ts: what autoscalers ask. */
    'test/metrics-api': program('metrics-api.ts'),
  };
}

/** A file of this folder that needs Node and no package. */
function program(file: string): Image {
  const inside = `/app/${file}`;
  return { entryPoint: ['node', inside], mounts: { ...nodeMount, [inside]: join(import.meta.dirname, file) } };
}
