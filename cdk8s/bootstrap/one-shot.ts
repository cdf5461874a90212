import type { k8s } from 'cdk8s-plus-27';
import type { BootstrapSetting } from '#services/bootstrap/config.ts';
import { ownImage } from '../images.ts';
import { type Component, labelsOf } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';
import { type Environment, environmentOf } from '../pod/environment.ts';
import { pullSecretsOf } from '../pod/pull-secrets.ts';
import { resourcesOf } from '../pod/resources.ts';
import { containerSecurity, podSecurity } from '../pod/security.ts';

/** Any id that is no user of the node. */
const uid = 10_001;

export type OneShot = {
  /** Of services/bootstrap. */
  readonly command: 'secrets' | 'certificates';
  readonly environment: Environment<BootstrapSetting>;
};

/** Runs commands beside each other, with the API at hand. What fails stays, to say why. */
export function oneShotPod(
  platform: PlatformProps,
  component: Component,
  commands: readonly OneShot[],
): Required<k8s.PodTemplateSpec> {
  return {
    metadata: { labels: { ...labelsOf(component) } },
    spec: {
      serviceAccountName: component,
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      securityContext: podSecurity(platform.userIds ?? 'fixed', uid),
      terminationGracePeriodSeconds: 10,
      ...pullSecretsOf(platform),
      containers: commands.map(({ command, environment }) => ({
        name: command,
        ...ownImage(platform.images, 'bootstrap'),
        args: [command],
        env: environmentOf({ NODE_ENV: 'production', LOG_LEVEL: platform.logLevel, ...environment }),
        resources: resourcesOf({ cpu: '50m', memory: '128Mi' }),
        securityContext: containerSecurity,
        // `kubectl describe` then says why it failed, when the log is gone, too.
        terminationMessagePolicy: 'FallbackToLogsOnError',
      })),
    },
  };
}
