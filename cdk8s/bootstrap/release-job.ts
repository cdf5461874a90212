import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { labelsOf } from '../metadata.ts';

/** Whose account and connections it has. */
const component = 'bootstrap';
/** The largest there is. */
const forEver = 2 ** 31 - 1;

/**
 * Runs once for each release. It tries until it succeeds, each 5 minutes at last: a Job that gave up would not be run again
 * by an apply of what is applied, however well its cause was mended.
 */
export class ReleaseJob extends Construct {
  constructor(scope: Construct, name: string, { metadata, spec: pod }: Required<k8s.PodTemplateSpec>) {
    super(scope, `${name}-job`);
    const spec: k8s.JobSpec = {
      backoffLimit: forEver,
      ttlSecondsAfterFinished: 24 * 3_600,
      // The pod stays and starts anew what failed: its logs are in one place, and what succeeded is not done again.
      template: { metadata, spec: { ...pod, restartPolicy: 'OnFailure' } },
    };
    // A Job is immutable: whatever changes in it, a release of the image too, makes another one.
    const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 10);
    new k8s.KubeJob(this, 'job', { metadata: { name: `${name}-${hash}`, labels: { ...labelsOf(component) } }, spec });
  }
}
