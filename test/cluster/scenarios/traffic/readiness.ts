import { holds } from '../../client/conditions.ts';
import { Watch } from './watch.ts';

/** `to` is Infinity while it lasts. Times in ms since 1970, of this machine. */
export type Span = { readonly from: number; readonly to: number };

export type Lapse = { readonly pod: string; readonly at: number };

type Pod = {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  status: { phase?: string; conditions?: { type: string; status: string }[] };
};

type EndpointSlice = {
  metadata: { name: string; labels: Record<string, string> };
  endpoints: { conditions: { ready?: boolean } }[] | null;
};

/** What the platform's pods and Services were at any moment since it was begun, as the API server told of it. */
export class Readiness {
  readonly #ready = new Map<string, boolean>();
  readonly #lapses: Lapse[] = [];
  readonly #slices = new Map<string, { readonly service: string; readonly ready: number }>();
  readonly #without = new Map<string, { from: number; to: number }[]>();
  readonly #watches: readonly Watch[];

  constructor(namespace: string) {
    this.#watches = [
      Watch.start<Pod>('pods', namespace, ({ type, object }) => this.#pod(object, type === 'DELETED')),
      Watch.start<EndpointSlice>('endpointslices', namespace, ({ type, object }) =>
        this.#slice(object, type === 'DELETED'),
      ),
    ];
  }

  /** Resolves when it looks. */
  async begun(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.begun));
  }

  /** When the Service had no ready endpoint. */
  without(service: string): readonly Span[] {
    return this.#without.get(service) ?? [];
  }

  /** Pods that ceased to be Ready since `from`; whoever is told to end does so by right. */
  lapses(from: number): readonly Lapse[] {
    return this.#lapses.filter(({ at }) => at >= from);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  #pod({ metadata, status }: Pod, deleted: boolean): void {
    const { uid, name, deletionTimestamp } = metadata;
    const ready = holds(status.conditions as never, 'Ready');
    // A Job's pod is through.
    const ending = deleted || deletionTimestamp !== undefined || status.phase === 'Succeeded';
    if (this.#ready.get(uid) === true && !ready && !ending) this.#lapses.push({ pod: name, at: Date.now() });
    this.#ready.set(uid, ready);
  }

  #slice({ metadata, endpoints }: EndpointSlice, deleted: boolean): void {
    const service = metadata.labels['kubernetes.io/service-name'] ?? '';
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions.ready !== false).length;
    if (deleted) this.#slices.delete(metadata.name);
    else this.#slices.set(metadata.name, { service, ready });
    const all = [...this.#slices.values()].filter((slice) => slice.service === service);
    const none = all.reduce((sum, slice) => sum + slice.ready, 0) === 0;
    const spans = this.#without.get(service) ?? [];
    const last = spans.at(-1);
    if (none && last?.to !== Number.POSITIVE_INFINITY) spans.push({ from: Date.now(), to: Number.POSITIVE_INFINITY });
    if (!none && last) last.to = Math.min(last.to, Date.now());
    this.#without.set(service, spans);
  }
}
