import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { labelsOf } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';
import { certificatesCommand } from './commands.ts';
import { oneShotPod } from './one-shot.ts';

const component = 'certificates';
/** At no hour at which everybody's jobs run. */
export const defaultSchedule = '17 3 * * *';

/** Renews the stores' certificates and their authority. A change of the authority takes three runs. */
export class CertificatesCronJob extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'cron-job');
    new k8s.KubeCronJob(this, 'cron-job', {
      metadata: { name: component, labels: { ...labelsOf(component) } },
      spec: {
        schedule: platform.certificates?.schedule ?? defaultSchedule,
        ...(platform.certificates?.suspended ? { suspend: true } : {}),
        concurrencyPolicy: 'Forbid',
        // Longer than any outage of the control plane that nobody looks into.
        startingDeadlineSeconds: 12 * 3_600,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: { ...labelsOf(component) } },
          spec: {
            backoffLimit: 5,
            ttlSecondsAfterFinished: 3 * 24 * 3_600,
            template: oneShotPod(platform, component, [certificatesCommand(platform)]),
          },
        },
      },
    });
  }
}
