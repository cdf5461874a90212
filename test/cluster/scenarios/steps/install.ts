import { eventually } from '../../../eventually.ts';
import type { Installed } from '../installed.ts';
import { getJson, kubectl } from '../kubectl.ts';

/** Stores and hubs take their time to end. */
const patience = { timeoutMs: 10 * 60_000, everyMs: 2_000 };

type Names = { items: { kind: string; metadata: { name: string; uid: string } }[] };

/**
 * Both parts are applied once more, and every object is what it was: the server counts no write of kubectl. What kubectl
 * prints is no measure: it says "configured" where it sends a list whole (selectors of budgets, templates of claims).
 */
export async function applyChangesNothing(installed: Installed): Promise<void> {
  const before = await written(installed);
  await apply(installed);
  const after = await written(installed);
  const changed = [...before].filter(([name, content]) => after.get(name) !== content).map(([name]) => name);
  if (changed.length > 0) throw new Error(`a second apply changed ${changed.join(', ')}`);
}

type Written = {
  kind: string;
  metadata: {
    name: string;
    resourceVersion?: string;
    generation?: number;
    managedFields?: { manager: string; subresource?: string }[];
  };
  spec?: { replicas?: number };
  status?: unknown;
};

/** All objects with when kubectl wrote them, but for what controllers write meanwhile: statuses, and how many there are. */
async function written({ files }: Installed): Promise<Map<string, string>> {
  const args = files.map((file) => `--filename=${file}`);
  const { items } = await getJson<{ items: Written[] }>(...args, '--show-managed-fields');
  return new Map(
    items.map(({ kind, metadata, spec, status: _, ...content }) => {
      const { resourceVersion: __, generation: ___, managedFields = [], ...its } = metadata;
      const ours = managedFields.filter(({ manager, subresource }) => manager.startsWith('kubectl') && !subresource);
      const all = { ...content, its, ours, spec: { ...spec, replicas: undefined } };
      return [`${kind} ${metadata.name}`, JSON.stringify(all)];
    }),
  );
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
