import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { parts } from '../../../cdk8s/synth/write-environment.ts';

type Rendered = { readonly kind: string; readonly metadata: { readonly name: string }; readonly spec?: unknown };

type Container = { readonly image: string; readonly imagePullPolicy: string };

/** What was applied: files of dist/, read back. */
export type Installed = {
  readonly namespace: string;
  /** Paths of the two parts, to be applied in this order; the second alone is deleted. */
  readonly files: readonly [string, string];
  /** Objects of the second part. */
  readonly objects: readonly Rendered[];
  /** Of our own one-shot programs: it has Node and our packages in /app. */
  readonly image: Container;
  /** Whether publishers speak TLS. */
  readonly tls: boolean;
};

export function readInstalled(environment: string): Installed {
  const plain = resolve(import.meta.dirname, '../../../dist', environment, 'plain');
  const files = [join(plain, parts.namespace), join(plain, parts.platform)] as const;
  const [first] = documents(files[0]);
  const objects = documents(files[1]);
  if (!first || objects.length === 0) throw new Error(`there is nothing in ${plain}: make synth`);
  return {
    namespace: first.metadata.name,
    files,
    objects,
    image: bootstrapImage(objects),
    tls: servicePorts(objects, 'rabbitmq').includes(5671),
  };
}

function documents(file: string): Rendered[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Rendered);
}

function bootstrapImage(objects: readonly Rendered[]): Container {
  const job = objects.find(({ kind, metadata }) => kind === 'Job' && metadata.name.startsWith('bootstrap-'));
  const spec = job?.spec as { template: { spec: { containers: Container[] } } } | undefined;
  const container = spec?.template.spec.containers[0];
  if (!container) throw new Error('there is no bootstrap Job');
  return { image: container.image, imagePullPolicy: container.imagePullPolicy };
}

function servicePorts(objects: readonly Rendered[], name: string): number[] {
  const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name);
  return ((service?.spec as { ports: { port: number }[] } | undefined)?.ports ?? []).map(({ port }) => port);
}
