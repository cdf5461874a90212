import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { ownImage } from '../images.ts';
import { type Component, labelsOf, selectorOf } from '../metadata.ts';
import type { OwnImage, PlatformProps, Scale, ServiceProps } from '../platform-props.ts';
import { type Environment, environmentOf } from '../pod/environment.ts';
import { type Mount, scratch } from '../pod/mounts.ts';
import { pullSecretsOf } from '../pod/pull-secrets.ts';
import { resourcesOf } from '../pod/resources.ts';
import { containerSecurity, podSecurity } from '../pod/security.ts';
import { spreadOf } from '../pod/spread.ts';
import { disruptionBudget } from './disruption-budget.ts';
import type { EnvironmentPart, SettingOrFile } from './environment-parts.ts';
import { scaleByMetric } from './scale-by-metric.ts';

/** Operations of every process of ours: `/metrics`, `/livez`, `/readyz`. Never routed to the public. */
export const opsPort = 9100;

/** Any id that is no user of the node. */
const uid = 10_001;

/** Between "this pod ends" and the last node that hears of it. */
const endpointLagSeconds = 5;

export type ServiceWorkloadProps<Setting extends string> = {
  readonly platform: PlatformProps;
  readonly component: Component & OwnImage;
  readonly service: ServiceProps;
  /** Of the Service and the process. */
  readonly port: number;
  readonly environment: Environment<SettingOrFile<Setting>>;
  /** Settings with the files that they name. */
  readonly parts: readonly EnvironmentPart<Setting>[];
  /** From SIGTERM to the end, at most. */
  readonly drainSeconds: number;
  /** How long a new pod serves before the rollout goes on. @default 5 */
  readonly minReadySeconds?: number;
  /** What the scale is about. @default cpu */
  readonly scaleOn?: 'cpu' | 'connections';
  /** Beside the image's own hash: what a change of rolls the pods. @default nothing */
  readonly annotations?: Readonly<Record<string, string>>;
};

/** A stateless process of ours: Deployment, Service, ServiceAccount without a token, disruption budget, autoscaler. */
export class ServiceWorkload<Setting extends string> extends Construct {
  constructor(scope: Construct, id: string, props: ServiceWorkloadProps<Setting>) {
    super(scope, id);
    const { component, service, port, scaleOn = 'cpu' } = props;
    const metadata = { name: component, labels: { ...labelsOf(component) } };
    new k8s.KubeServiceAccount(this, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: {
        type: 'ClusterIP',
        selector: { ...selectorOf(component) },
        ports: [{ name: 'http', port, protocol: 'TCP', targetPort: k8s.IntOrString.fromString('http') }],
      },
    });
    new k8s.KubeDeployment(this, 'deployment', { metadata, spec: deploymentSpec(props) });
    if (minimumOf(service.scale) > 1) disruptionBudget(this, component);
    if ('max' in service.scale) scaleByMetric(this, component, service.scale, scaleOn);
  }
}

function minimumOf(scale: Scale): number {
  return 'max' in scale ? scale.min : scale.replicas;
}

function deploymentSpec<Setting extends string>(props: ServiceWorkloadProps<Setting>): k8s.DeploymentSpec {
  const { platform, component, service, annotations } = props;
  const tmp = scratch('tmp', '/tmp', { sizeLimit: k8s.Quantity.fromString('64Mi') });
  const mounts = [...props.parts.flatMap((part) => part.mounts), tmp];
  return {
    // An autoscaler owns the number: an apply must not set it back.
    ...('max' in service.scale ? {} : { replicas: service.scale.replicas }),
    minReadySeconds: props.minReadySeconds ?? 5,
    revisionHistoryLimit: 5,
    selector: { matchLabels: { ...selectorOf(component) } },
    strategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: k8s.IntOrString.fromNumber(1), maxUnavailable: k8s.IntOrString.fromNumber(0) },
    },
    template: {
      metadata: { labels: { ...labelsOf(component) }, ...(annotations ? { annotations } : {}) },
      spec: {
        serviceAccountName: component,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: podSecurity(platform.userIds ?? 'fixed', uid),
        terminationGracePeriodSeconds: endpointLagSeconds + props.drainSeconds,
        ...spreadOf(component, platform.spread ?? 'soft'),
        ...pullSecretsOf(platform),
        containers: [container(props, mounts)],
        volumes: mounts.map(({ volume }) => volume),
      },
    },
  };
}

function container<Setting extends string>(
  props: ServiceWorkloadProps<Setting>,
  mounts: readonly Mount[],
): k8s.Container {
  const { platform, component, service, port, environment, parts } = props;
  const probe = (path: string) => ({ path, port: k8s.IntOrString.fromString('ops') });
  return {
    name: component,
    ...ownImage(platform.images, component),
    ports: [
      { name: 'http', containerPort: port, protocol: 'TCP' },
      { name: 'ops', containerPort: opsPort, protocol: 'TCP' },
    ],
    env: environmentOf({
      NODE_ENV: 'production',
      LOG_LEVEL: platform.logLevel,
      PORT: port,
      OPS_PORT: opsPort,
      // The process would else end itself in the midst of a longer drain.
      SHUTDOWN_TIMEOUT: props.drainSeconds,
      CORS_ORIGINS: platform.origins?.join(','),
      ...environment,
      ...Object.assign({}, ...parts.map((part) => part.environment)),
    }),
    resources: resourcesOf(service.resources),
    securityContext: containerSecurity,
    startupProbe: { httpGet: probe('/livez'), periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
    livenessProbe: { httpGet: probe('/livez'), periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    readinessProbe: { httpGet: probe('/readyz'), periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 2 },
    lifecycle: { preStop: { exec: { command: ['sleep', String(endpointLagSeconds)] } } },
    volumeMounts: mounts.map(({ mount }) => mount),
  };
}
