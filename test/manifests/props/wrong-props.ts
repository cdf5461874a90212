import type { HubSetting } from '#services/hub/config.ts';
import { production } from '../../../cdk8s/environments/production.ts';
import type { PlatformProps, Scale } from '../../../cdk8s/platform-props.ts';
import { type Environment, environmentOf } from '../../../cdk8s/pod/environment.ts';
import type { EnvironmentPart, SettingOrFile } from '../../../cdk8s/services/environment-parts.ts';

// Never run. Each expected error that the compiler does not find is an error of `make lint`; the first ones are no errors.

export const right: PlatformProps = { ...production, spread: 'strict', tls: 'off', hub: { ...production.hub } };
export const rightSetting: Environment<SettingOrFile<HubSetting>> = {
  HUB_MAX_CONNECTIONS: 5,
  INTERNAL_SECRET_FILE: '/x',
};

// @ts-expect-error A setting that the hub does not have, as after it was renamed.
export const renamedSetting: Environment<SettingOrFile<HubSetting>> = { HUB_MAXIMUM_CONNECTIONS: 5 };

// @ts-expect-error One of another service.
export const settingOfOthers: Environment<SettingOrFile<HubSetting>> = { GATEWAY_CIRCUIT_OPEN_MS: 5 };

// @ts-expect-error The file of a setting that is none.
export const renamedFile: Environment<SettingOrFile<HubSetting>> = { INTERNAL_KEY_FILE: '/x' };

export const renamedInPart: EnvironmentPart<'AMQP_URL'> = {
  // @ts-expect-error One that the part does not promise.
  environment: { AMQP_URI: 'amqp://rabbitmq' },
  mounts: [],
};

export const wrongValue = environmentOf({
  // @ts-expect-error A list is no value of a variable.
  CORS_ORIGINS: ['https://a.example'],
});

// @ts-expect-error A quorum of two is none.
export const two: PlatformProps = { ...production, rabbitmq: { ...production.rabbitmq, replicas: 2 } };

export const bothKeys: PlatformProps = {
  ...production,
  // @ts-expect-error A token is signed by one kind of key.
  tokens: { jwksUrl: 'https://identity.example.com/keys', hs256Secret: { name: 'a', key: 'b' } },
};

// @ts-expect-error Or by none.
export const noKey: PlatformProps = { ...production, tokens: { issuer: 'us' } };

// @ts-expect-error A word that nobody knows.
export const otherTls: PlatformProps = { ...production, tls: 'self-signed' };

// @ts-expect-error Neither fixed nor scaled.
export const noScale: Scale = { min: 2 };

// @ts-expect-error A number without a unit.
export const bareMemory: PlatformProps = { ...production, redis: { resources: { cpu: 1, memory: 256 } } };

// @ts-expect-error A prop that there is not.
export const otherProp: PlatformProps = { ...production, replicas: 3 };

export const otherImage: PlatformProps = {
  ...production,
  // @ts-expect-error An image that is not ours.
  images: { tag: '1', digests: { nginx: 'sha256:0' } },
};

// @ts-expect-error What has no namespace is nowhere.
export const nowhere: PlatformProps = { images: { tag: '1' } };
