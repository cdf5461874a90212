import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { redisPrefix } from '#shared/contract/names.ts';
import type { Image, ImageTable } from '../../images/image.ts';
import { imageTable } from '../../images/table.ts';

export const nextRegistry = 'ghcr.io/next';

/** What the next build has more: a queue that notification reads, and a key that chat may set. */
export const later = { queue: 'later-events', key: `${redisPrefix}later:1` } as const;

const sources = resolve(import.meta.dirname, '../../../../services');

type Change = { readonly file: string; readonly from: string; readonly to: string };

const changes: readonly Change[] = [
  {
    file: 'bootstrap/rabbitmq/definitions.ts',
    from: '  return [\n    receiveTopology(',
    to: `  return [\n    receiveTopology({ queue: '${later.queue}', exchanges: [exchanges.userInteraction] }),\n    receiveTopology(`,
  },
  {
    file: 'bootstrap/rabbitmq/definitions.ts',
    from: 'return consumerOf(queues.notificationUserInteraction);',
    to: `return { ...consumerOf(queues.notificationUserInteraction), read: anyOf(queues.notificationUserInteraction, '${later.queue}') };`,
  },
  {
    file: 'bootstrap/redis/acl.ts',
    from: "'+publish', ...listen],\n  hub: [",
    to: `'+publish', ...listen, '~${redisPrefix}later:*', '+set'],\n  hub: [`,
  },
];

/** Our images as a later release would have them, under another registry. Changed sources lie in `folder`. */
export function nextImages(folder: string): ImageTable {
  const mounts = Object.fromEntries(
    Object.entries(Object.groupBy(changes, ({ file }) => file)).map(([file, its = []]) => {
      const path = join(folder, file.replaceAll('/', '-'));
      writeFileSync(path, its.reduce(changed, readFileSync(join(sources, file), 'utf8')), { mode: 0o644 });
      return [join('/app/services', file), path];
    }),
  );
  const next = (image: Image): Image => ({ ...image, mounts: { ...image.mounts, ...mounts } });
  return Object.fromEntries(
    Object.entries(imageTable(`${nextRegistry}/sonixy-`))
      .filter(([name]) => name.startsWith(nextRegistry))
      .map(([name, image]) => [name, next(image)]),
  );
}

function changed(text: string, { file, from, to }: Change): string {
  if (!text.includes(from)) throw new Error(`${file} does not say ${from}`);
  return text.replace(from, to);
}
