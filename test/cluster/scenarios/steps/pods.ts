import { eventually } from '../../../eventually.ts';
import { holds } from '../../client/conditions.ts';
import type { Installed } from '../installed.ts';
import { getJson } from '../kubectl.ts';

export const services = ['gateway', 'notification', 'chat', 'hub'] as const;
export type App = (typeof services)[number] | 'rabbitmq' | 'redis';

/** What was killed is restarted, on a small machine. */
const timeoutMs = 5 * 60_000;
export const lookEveryMs = 1_000;

export type PodObject = {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly conditions?: { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: { readonly restartCount: number }[];
  };
};

/** By name, also those that are ending. */
export async function podsOf({ namespace }: Installed, ...apps: readonly App[]): Promise<readonly PodObject[]> {
  const labels = `app.kubernetes.io/name in (${apps.join()})`;
  const args = ['pods', `--namespace=${namespace}`, `--selector=${labels}`, '--sort-by=metadata.name'];
  return (await getJson<{ items: PodObject[] }>(...args)).items;
}

export const appOf = ({ metadata }: PodObject): App => metadata.labels['app.kubernetes.io/name'] as App;

export const restartsOf = ({ status }: PodObject): number => status.containerStatuses?.[0]?.restartCount ?? 0;

export function isReady({ metadata, status }: PodObject): boolean {
  return metadata.deletionTimestamp === undefined && holds(status.conditions as never, 'Ready');
}

/** Waits until `why` has nothing more to say against the pods of the apps. */
export async function untilPods(
  installed: Installed,
  apps: readonly App[],
  why: (pods: readonly PodObject[]) => string | undefined,
): Promise<void> {
  await eventually(async () => why(await podsOf(installed, ...apps)), { timeoutMs, everyMs: lookEveryMs });
}

/** Waits until none of them is there any more, also none that drains. */
export async function untilGone(installed: Installed, pods: readonly PodObject[]): Promise<void> {
  const gone = new Set(pods.map(({ metadata }) => metadata.uid));
  await untilPods(installed, [...new Set(pods.map(appOf))], (live) => {
    const left = live.find(({ metadata }) => gone.has(metadata.uid));
    return left && `${left.metadata.name} is there`;
  });
}
