import { readFileSync } from 'node:fs';
import { matchesGlob, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../images');

/** What one target of the Dockerfile makes. */
export type Target = {
  /** Of the repository, with those of the stage it is made from. */
  readonly copied: readonly string[];
  readonly entryPoint: readonly string[];
  readonly user: string | undefined;
};

type Stage = { copied: string[]; entryPoint: string[]; user: string | undefined };

/** The Dockerfile's stages by name: those with an entry point are images. */
export function readTargets(): ReadonlyMap<string, Target> {
  const stages = new Map<string, Stage>();
  let current: Stage | undefined;
  for (const line of readFileSync(resolve(folder, 'Dockerfile'), 'utf8').split('\n')) {
    const [instruction, ...words] = line.trim().split(/\s+/);
    if (instruction === 'FROM') {
      const [from = '', , name = ''] = words;
      const { copied = [], user } = stages.get(from) ?? {};
      current = { copied: [...copied], entryPoint: [], user };
      stages.set(name, current);
    } else if (instruction === 'COPY' && !words[0]?.startsWith('--from')) current?.copied.push(...words.slice(0, -1));
    else if (instruction === 'ENTRYPOINT' && current) current.entryPoint = JSON.parse(words.join(' '));
    else if (instruction === 'USER' && current) current.user = words[0];
  }
  return new Map([...stages].filter(([, { entryPoint }]) => entryPoint.length > 0));
}

/** Whether a file of the repository is part of the build context: the last pattern that matches decides. */
export function isInContext(path: string): boolean {
  const lines = readFileSync(resolve(folder, 'Dockerfile.dockerignore'), 'utf8').split('\n');
  let isIn = true;
  for (const line of lines.map((it) => it.trim()).filter((it) => it !== '' && !it.startsWith('#'))) {
    const pattern = line.replace(/^!/, '');
    if ([pattern, `${pattern}/**`].some((it) => matchesGlob(path, it))) isIn = line.startsWith('!');
  }
  return isIn;
}

/** The processes that docker-bake.hcl builds. */
export function bakedProcesses(): readonly string[] {
  const bake = readFileSync(resolve(folder, '../docker-bake.hcl'), 'utf8');
  const list = /variable "PROCESSES" \{\s*default = (\[[^\]]*\])/.exec(bake)?.[1];
  return JSON.parse(list ?? '[]');
}
