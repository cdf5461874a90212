import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { supportedVersions } from '../../../cdk8s/supported-versions.ts';
import { toYaml } from '../../../cdk8s/synth/render.ts';
import type { WireObject } from '../rendered/wire.ts';
import { checker } from './build.ts';

/** What a check says against an object. */
export type Finding = {
  /** kube-score's name of it. */
  readonly check: string;
  /** `Deployment/redis`, or with a container `Deployment/redis/users`. */
  readonly where: string;
  readonly why: string;
};

export type Scored = {
  readonly findings: readonly Finding[] /** `Deployment/redis` */;
  readonly objects: readonly string[];
};

type Score = {
  type_meta: { kind: string };
  object_meta: { name: string };
  checks: {
    check: { id: string };
    grade: number;
    skipped: boolean;
    comments: { path: string; summary: string }[] | null;
  }[];
};

const allOk = 10;
const options = ['--all-default-optional', '--kubernetes-version', `v${supportedVersions.oldest}`];

/** All checks of kube-score, also those that it does not make by default, on all objects at once. */
export async function kubeScore(objects: readonly WireObject[]): Promise<Scored> {
  const child = spawn(await checker('kube-score'), ['score', ...options, '--output-format', 'json', '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(toYaml(objects as never));
  // It ends with 1 when it finds something.
  const [scores] = await Promise.all([json(child.stdout) as Promise<Score[]>, once(child, 'close')]);
  const nameOf = ({ type_meta, object_meta }: Score) => `${type_meta.kind}/${object_meta.name}`;
  return { findings: scores.flatMap((score) => findingsOf(nameOf(score), score)), objects: scores.map(nameOf) };
}

function findingsOf(name: string, { checks }: Score): Finding[] {
  return checks
    .filter(({ grade, skipped }) => !skipped && grade < allOk)
    .flatMap(({ check: { id }, comments }) =>
      (comments ?? [{ path: '', summary: 'it says no more' }]).map(({ path, summary }) => ({
        check: id,
        where: path === '' ? name : `${name}/${path}`,
        why: summary,
      })),
    );
}
