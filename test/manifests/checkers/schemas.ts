import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '#test/cluster/client/cluster.ts';
import { eventually } from '#test/eventually.ts';

type Schema = { readonly [key: string]: unknown };
type Kind = { readonly group: string; readonly version: string; readonly kind: string };
type Document = { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } };

/** Where kubeconform finds a kind, in its own words. */
export const schemaPath = '{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json';

/** Writes schemas of all kinds of these API versions, as the server publishes them; fields that they do not name are refused. */
export async function writeSchemas(cluster: Cluster, apiVersions: Iterable<string>, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const apiVersion of apiVersions) {
    const path = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
    const { components } = await publishedAt(cluster, `/openapi/v3/${path}`);
    const file = `${apiVersion.replace('/', '_')}.json`;
    writeFileSync(join(folder, file), JSON.stringify({ components: closed(components) }));
    for (const [name, schema] of Object.entries(components.schemas)) {
      const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as readonly Kind[];
      const own = kinds.find(({ group, version }) => (group === '' ? version : `${group}/${version}`) === apiVersion);
      // DeleteOptions and such are of every group.
      if (!own || kinds.length > 1) continue;
      const [group = '', version = group] = apiVersion.split('/');
      const schemaFile = `${group}_${version}_${own.kind.toLowerCase()}.json`;
      writeFileSync(join(folder, schemaFile), JSON.stringify({ $ref: `${file}#/components/schemas/${name}` }));
    }
  }
}

/** A kind that was just defined is published some time after it is served. */
async function publishedAt(cluster: Cluster, path: string): Promise<Document> {
  let document: Document | undefined;
  await eventually(
    async () => {
      document = await cluster.kube.must<Document>('GET', path);
      return undefined;
    },
    { timeoutMs: 60_000, everyMs: 200 },
  );
  if (!document) throw new Error(`${path} was never read`);
  return document;
}

/** The same, but what names its properties has no others. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isOpen =
    !('properties' in schema) || 'additionalProperties' in schema || 'x-kubernetes-preserve-unknown-fields' in schema;
  // `properties` may itself be the name of a property, whose value is then a schema.
  return (
    isOpen || typeof (schema as Schema)['type'] !== 'string' ? inner : { ...inner, additionalProperties: false }
  ) as T;
}
