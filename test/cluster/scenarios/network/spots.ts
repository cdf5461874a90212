import { readFileSync } from 'node:fs';
import type { Party } from '../../../manifests/network/reachability.ts';
import { getJson, kubectl } from '../kubectl.ts';

/** A running pod, to connect from and to. */
export type Spot = {
  readonly party: Party;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly ip: string;
  /** TCP ports that something in it listens on, whatever its manifest says. */
  readonly listens: readonly number[];
};

type Labels = Readonly<Record<string, string>>;
type Pod = {
  readonly metadata: { readonly name: string; readonly labels?: Labels; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

/** Each is a kubectl: a third of a second of CPU, and then it waits. */
const atOnce = 10;
/** Of Perl, see there. */
export const probe = readFileSync(new URL('probe.pl', import.meta.url), 'utf8');

/**
 * All ready pods of a namespace.
 *
 * @param labels the namespace's
 * @param only of this name. @default all
 */
export async function spotsOf(namespace: string, labels: Labels, only?: string): Promise<Spot[]> {
  const { items } = await getJson<{ items: Pod[] }>('pods', `--namespace=${namespace}`);
  const ready = items.filter(
    ({ metadata, status }) =>
      !metadata.deletionTimestamp &&
      (only === undefined || metadata.name === only) &&
      status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
  return forEach(ready, async ({ metadata, spec, status }) => {
    const { name } = metadata;
    const [container] = spec.containers;
    const at = { namespace, pod: name, container: container?.name ?? '', ip: status.podIP ?? '' };
    const listens = (await runProbe(at, 'listening')).map(Number);
    if (listens.length === 0) throw new Error(`nothing listens in ${name}`);
    return { ...at, listens, party: { name, pod: metadata.labels ?? {}, namespace: labels } };
  });
}

/** Labels of a namespace, as policies select it. */
export async function namespaceLabels(name: string): Promise<Labels> {
  return (await getJson<{ metadata: { labels: Labels } }>('namespace', name)).metadata.labels;
}

/** Those of `targets` (`tcp ADDRESS PORT`, `dns`) that answer within 3 s, asked all at once from within the pod. */
export async function answering(from: Spot, targets: readonly string[]): Promise<Set<string>> {
  return new Set(await runProbe(from, 'connects', targets));
}

type Place = Pick<Spot, 'namespace' | 'pod' | 'container'>;

async function runProbe(
  { namespace, pod, container }: Place,
  mode: 'listening' | 'connects',
  lines: readonly string[] = [],
): Promise<string[]> {
  const inside = ['perl', '-e', probe, mode];
  const args = ['exec', '--stdin', pod, `--namespace=${namespace}`, `--container=${container}`, '--', ...inside];
  const output = await kubectl(args, { input: lines.map((line) => `${line}\n`).join('') });
  return output.split('\n').filter(Boolean);
}

/** Some at once, in any order. */
export async function forEach<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = [...items.entries()];
  const worker = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) results[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
