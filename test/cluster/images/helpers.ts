import { join } from 'node:path';
import type { ImageTable } from './image.ts';
import { nodeMount } from './services.ts';

/** Images for tests alone. */
export function helperImages(): ImageTable {
  return {
    /** The machine's shell, with its curl and getent, and Node. */
    'test/shell': { entryPoint: [], args: ['sleep', 'infinity'], mounts: nodeMount },
    /** images/test-server.ts: says its host name over HTTP, or loads another. */
    'test/server': {
      entryPoint: ['node', '/app/test-server.ts'],
      mounts: { ...nodeMount, '/app/test-server.ts': join(import.meta.dirname, 'test-server.ts') },
    },
  };
}
