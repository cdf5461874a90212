import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { labelsOf } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';
import { ownStores } from '../stores/external-store.ts';
import { certificatesCommand, secretsCommand } from './commands.ts';
import { oneShotPod } from './one-shot.ts';

const component = 'bootstrap';

/** Makes Secrets and first certificates where they are missing. Safe to run at each install and upgrade. */
export class BootstrapJob extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'job');
    const commands = [secretsCommand(), ...(usesInternalAuthority(platform) ? [certificatesCommand(platform)] : [])];
    const spec: k8s.JobSpec = {
      // With its pauses, which double, about half an hour.
      backoffLimit: 8,
      ttlSecondsAfterFinished: 24 * 3_600,
      template: oneShotPod(platform, component, commands),
    };
    // A Job is immutable: whatever changes in it makes another one.
    const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 10);
    new k8s.KubeJob(this, 'job', {
      metadata: { name: `${component}-${hash}`, labels: { ...labelsOf(component) } },
      spec,
    });
  }
}

/** Also where TLS is on, nothing is signed when all stores are external. */
export function usesInternalAuthority(platform: PlatformProps): boolean {
  const { tls = 'internal' } = platform;
  return tls === 'internal' && ownStores(platform).length > 0;
}
