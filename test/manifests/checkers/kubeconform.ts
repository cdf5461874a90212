import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { toYaml } from '../../../cdk8s/synth/render.ts';
import type { WireObject } from '../rendered/wire.ts';
import { checker } from './build.ts';
import { schemaPath } from './schemas.ts';

export type Verdict = { readonly kind: string; readonly name: string; readonly status: string; readonly msg: string };

/** What kubeconform says of each object, by the schemas of that folder and no others. */
export async function kubeconform(objects: readonly WireObject[], schemas: string): Promise<readonly Verdict[]> {
  const where = ['-schema-location', join(schemas, schemaPath)];
  const child = spawn(await checker('kubeconform'), ['-strict', '-verbose', '-output', 'json', ...where, '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(toYaml(objects as never));
  // It ends with 1 when it finds something.
  const [answer] = await Promise.all([json(child.stdout), once(child, 'close')]);
  return (answer as { resources: Verdict[] }).resources;
}
