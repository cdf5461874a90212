import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Yaml } from 'cdk8s';
import { type RenderedPlatform, toYaml } from './render.ts';

/** The parts in the order in which they are applied; the second alone is deleted to uninstall. */
export const parts = { namespace: '1-namespace.yaml', platform: '2-platform.yaml' } as const;

/** Writes `folder`/plain and, above it, the kustomization and what is `beside`; what else was there goes. */
export function writeEnvironment(
  folder: string,
  rendered: RenderedPlatform,
  beside: Readonly<Record<string, object>> = {},
): void {
  const plain = join(folder, 'plain');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(plain, { recursive: true });
  writeFileSync(join(plain, parts.namespace), toYaml(rendered.namespace));
  writeFileSync(join(plain, parts.platform), toYaml(rendered.platform));
  // Not beside them: `kubectl apply -f plain` would take it for an object.
  writeFileSync(join(folder, 'kustomization.yaml'), kustomization());
  for (const [file, content] of Object.entries(beside)) writeFileSync(join(folder, file), Yaml.stringify(content));
}

function kustomization(): string {
  const resources = Object.values(parts).map((file) => `  - plain/${file}\n`);
  return `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources.join('')}`;
}
