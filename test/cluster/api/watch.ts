import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kube } from './kube.ts';
import type { KubeObject, List } from './objects.ts';

export type Changed<T> = (object: T | undefined, before: T | undefined) => void;

/** A copy of all objects of one path that follows the API server's. */
export interface Watched<T> {
  /** By `namespace/name`, or `/name`. */
  readonly items: ReadonlyMap<string, T>;
  /** Resolves when the first list is there. */
  readonly ready: Promise<void>;
  stop(): void;
}

/** `changed` gets (object, undefined) for a new one, (object, before) for a changed one, (undefined, before) at its end. */
export function watch<T extends KubeObject>(kube: Kube, path: string, changed: Changed<T> = () => {}): Watched<T> {
  const items = new Map<string, T>();
  const ready = Promise.withResolvers<void>();
  const stop = new AbortController();

  const set = (object: T) => {
    const before = items.get(key(object));
    items.set(key(object), object);
    if (before?.metadata.resourceVersion !== object.metadata.resourceVersion) changed(object, before);
  };
  const drop = (object: T) => {
    items.delete(key(object));
    changed(undefined, object);
  };
  const list = async () => {
    const all = await kube.must<List<T>>('GET', path);
    const names = new Set(all.items.map(key));
    for (const [name, object] of items) if (!names.has(name)) drop(object);
    all.items.forEach(set);
    ready.resolve();
    return all.metadata.resourceVersion;
  };
  /** Answers the version to go on from; undefined: list again. */
  const follow = async (from: string): Promise<string | undefined> => {
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${from}`;
    const response = await kube.open('GET', `${path}?${query}`, { ownConnection: true });
    const destroy = () => response.destroy();
    stop.signal.addEventListener('abort', destroy, { once: true });
    let version = from;
    try {
      for await (const line of lines(response)) {
        const { type, object } = JSON.parse(line) as { type: string; object: T };
        if (type === 'ERROR') return undefined;
        version = object.metadata.resourceVersion ?? version;
        if (type === 'DELETED') drop(object);
        else if (type !== 'BOOKMARK') set(object);
      }
    } finally {
      stop.signal.removeEventListener('abort', destroy);
      destroy();
    }
    return response.statusCode === 200 ? version : undefined;
  };
  const run = async () => {
    let version: string | undefined;
    while (!stop.signal.aborted) {
      try {
        version = await follow(version ?? (await list()));
      } catch {
        version = undefined;
        if (!stop.signal.aborted) await sleep(200);
      }
    }
  };
  void run();
  return { items, ready: ready.promise, stop: () => stop.abort() };
}

function key({ metadata: { namespace = '', name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

async function* lines(stream: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const all = (rest + chunk).split('\n');
    rest = all.pop() ?? '';
    yield* all;
  }
}
