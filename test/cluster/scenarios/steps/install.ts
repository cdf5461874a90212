import { eventually } from '../../../eventually.ts';
import type { Installed } from '../installed.ts';
import { getJson, kubectl } from '../kubectl.ts';

/** Stores and hubs take their time to end. */
const patience = { timeoutMs: 10 * 60_000, everyMs: 2_000 };

type Names = { items: { kind: string; metadata: { name: string; uid: string } }[] };

/** `kubectl apply` of both parts says of each object that nothing changed. */
export async function applyChangesNothing({ files }: Installed): Promise<void> {
  const output = await Promise.all(files.map((file) => kubectl(['apply', `--filename=${file}`])));
  const changed = output
    .join('')
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(' unchanged'));
  if (changed.length > 0) throw new Error(`a second apply changed:\n${changed.join('\n')}`);
}

export async function apply({ files }: Installed): Promise<void> {
  for (const file of files) await kubectl(['apply', `--filename=${file}`]);
}

/** Deletes the second part. What keeps data and what is secret is still there, and the same; all workloads are gone. */
export async function uninstallKeepsData({ namespace, files }: Installed): Promise<void> {
  const before = await kept(namespace);
  if (![...before.keys()].some((name) => name.startsWith('PersistentVolumeClaim')))
    throw new Error('there is no claim');
  await kubectl(['delete', `--filename=${files[1]}`, '--timeout=10m']);
  await eventually(async () => {
    const { items } = await getJson<Names>('pods', `--namespace=${namespace}`);
    return items.length === 0 ? undefined : `there is ${items.map(({ metadata }) => metadata.name).join(', ')}`;
  }, patience);
  const after = await kept(namespace);
  const lost = [...before].filter(([name, uid]) => after.get(name) !== uid).map(([name]) => name);
  if (lost.length > 0) throw new Error(`uninstalling took ${lost.join(', ')}`);
  const { items } = await getJson<Names>('deployments,statefulsets,jobs,cronjobs', `--namespace=${namespace}`);
  if (items.length > 0) throw new Error(`uninstalling left ${items.map(({ metadata }) => metadata.name).join(', ')}`);
}

/** Claims and Secrets by name, with the identity of each. */
async function kept(namespace: string): Promise<Map<string, string>> {
  const { items } = await getJson<Names>('persistentvolumeclaims,secrets', `--namespace=${namespace}`);
  return new Map(items.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.uid]));
}
