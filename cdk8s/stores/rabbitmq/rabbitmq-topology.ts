import { Construct } from 'constructs';
import type { TopologySetting } from '#services/bootstrap/topology-config.ts';
import { ReleaseJob } from '../../bootstrap/release-job.ts';
import { ownImage } from '../../images.ts';
import { labelsOf } from '../../metadata.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { environmentOf } from '../../pod/environment.ts';
import { pullSecretsOf } from '../../pod/pull-secrets.ts';
import { resourcesOf } from '../../pod/resources.ts';
import { containerSecurity, podSecurity } from '../../pod/security.ts';
import { amqpSettings, type SettingOrFile } from '../../services/environment-parts.ts';
import { trustSettings } from '../../services/trust-settings.ts';

/** Whose connections it uses, in the NetworkPolicies. */
const component = 'bootstrap';
/** Any id that is no user of the node. */
const uid = 10_001;

/** A Job that makes our queues on a RabbitMQ that is not ours. Our own gets them from its definitions. */
export class RabbitmqTopology extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'rabbitmq-topology');
    const parts = [amqpSettings(platform, 'admin'), trustSettings(platform, ['rabbitmq'])];
    const mounts = parts.flatMap((part) => part.mounts);
    new ReleaseJob(this, 'rabbitmq-topology', {
      metadata: { labels: { ...labelsOf(component) } },
      spec: {
        serviceAccountName: component,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: podSecurity(platform.userIds ?? 'fixed', uid),
        terminationGracePeriodSeconds: 10,
        ...pullSecretsOf(platform),
        containers: [
          {
            name: 'rabbitmq-topology',
            ...ownImage(platform.images, 'bootstrap'),
            args: ['rabbitmq-topology'],
            env: environmentOf<SettingOrFile<TopologySetting> | 'NODE_ENV'>({
              NODE_ENV: 'production',
              LOG_LEVEL: platform.logLevel,
              ...Object.assign({}, ...parts.map((part) => part.environment)),
            }),
            resources: resourcesOf({ cpu: '50m', memory: '128Mi' }),
            securityContext: containerSecurity,
            terminationMessagePolicy: 'FallbackToLogsOnError',
            volumeMounts: mounts.map(({ mount }) => mount),
          },
        ],
        volumes: mounts.map(({ volume }) => volume),
      },
    });
  }
}
