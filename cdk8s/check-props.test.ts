import { describe, expect, it } from 'vitest';
import { ConfigError } from '#shared/runtime/config.ts';
import { checkProps } from './check-props.ts';
import { type EnvironmentName, environments } from './environments/environments.ts';
import { production } from './environments/production.ts';
import type { PlatformProps } from './platform-props.ts';
import { renderPlatform } from './synth/render.ts';

const { hub, chat, rabbitmq, images } = production;
const resources = { cpu: '1', memory: '1Gi' };
const ofMinutes = { certificateSeconds: 360, authoritySeconds: 1_200, trustSeconds: 20, settleSeconds: 60 };
const secret = { name: 'sonixy-tokens', key: 'key' };

/** By what is wrong: props that no type would let through, or that types do not see; and what is told. */
const wrong: readonly (readonly [string, object, string])[] = [
  ['a namespace in capitals', { namespace: 'Sonixy' }, 'namespace must be a DNS label'],
  ['a namespace with a dot', { namespace: 'sonixy.realtime' }, 'namespace must be a DNS label'],
  ['a long namespace', { namespace: 'a'.repeat(64) }, 'namespace must be a DNS label'],
  ['the namespace of everybody', { namespace: 'default' }, 'must be one of its own'],
  ['a page with a path', { origins: ['https://www.example.com/'] }, 'origins must be'],
  ['no version', { images: { tag: 'latest' } }, 'images.tag must be a version'],
  [
    'a registry with a scheme',
    { images: { ...images, registry: 'https://ghcr.io/sonixy' } },
    'images.registry must be',
  ],
  ['half a digest', { images: { ...images, digests: { hub: 'sha256:00' } } }, 'images.digests.hub must be'],
  ['a Secret that can not be', { images: { ...images, pullSecrets: ['My Secret'] } }, 'images.pullSecrets must be'],
  [
    'two kinds of keys',
    { tokens: { jwksUrl: 'https://id.example.com/', hs256Secret: secret } },
    'tokens must name one',
  ],
  ['no key', { tokens: {} }, 'tokens must name one'],
  ['keys in the clear', { tokens: { jwksUrl: 'http://id.example.com/' } }, 'tokens.jwksUrl must be an https URL'],
  ['a Secret in capitals', { tokens: { hs256Secret: { ...secret, name: 'T' } } }, 'tokens.hs256Secret.name must be'],
  ['a key with a slash', { tokens: { hs256Secret: { ...secret, key: 'a/b' } } }, 'tokens.hs256Secret.key must be'],
  ['nobody', { chat: { ...chat, scale: { replicas: 0 } } }, 'chat.scale.replicas must be'],
  ['half a pod', { chat: { ...chat, scale: { replicas: 1.5 } } }, 'chat.scale.replicas must be'],
  ['no room', { chat: { ...chat, scale: { min: 3, max: 3, target: 70 } } }, 'chat.scale must go'],
  ['no target', { chat: { ...chat, scale: { min: 3, max: 4, target: 0 } } }, 'chat.scale.target must be'],
  [
    'more than the request',
    { chat: { ...chat, scale: { min: 3, max: 4, target: 120 } } },
    'percent of the CPU request',
  ],
  ['a target that none reaches', { hub: { ...hub, maxConnections: 5_000 } }, 'must be below hub.maxConnections'],
  ['a drain without an end', { hub: { ...hub, drainSeconds: 501 } }, 'hub.drainSeconds must be'],
  ['half a second of drain', { hub: { ...hub, drainSeconds: 0.5 } }, 'hub.drainSeconds must be'],
  ['no connections', { hub: { ...hub, maxConnections: 0 } }, 'hub.maxConnections must be'],
  ['half a core', { chat: { ...chat, resources: { ...resources, cpu: '0.5' } } }, 'chat.resources: cpu must be'],
  ['a thousand thousandths', { redis: { resources: { ...resources, cpu: '1000m' } } }, 'redis.resources: cpu must be'],
  [
    'bytes',
    { rabbitmq: { ...rabbitmq, resources: { ...resources, memory: '1073741824' } } },
    'rabbitmq.resources: memory',
  ],
  ['1024 Mi', { mongodb: { ...rabbitmq, resources: { ...resources, memory: '1024Mi' } } }, 'mongodb.resources: memory'],
  ['two nodes', { rabbitmq: { ...rabbitmq, replicas: 2 } }, 'rabbitmq.replicas must be 1 or 3'],
  ['five members', { mongodb: { ...rabbitmq, replicas: 5 } }, 'mongodb.replicas must be 1 or 3'],
  ['a disk in GB', { rabbitmq: { ...rabbitmq, storage: '20GB' } }, 'rabbitmq.storage must be'],
  ['a class in capitals', { mongodb: { ...rabbitmq, storageClass: 'Fast' } }, 'mongodb.storageClass must be'],
  ['a schedule of words', { certificates: { schedule: 'at night' } }, 'certificates.schedule must have'],
  ['a schedule of no day', { certificates: { schedule: '0 0 31 2 *' } }, 'certificates.schedule must have'],
  [
    'an authority that ends first',
    { certificates: { authoritySeconds: 86_400 } },
    'certificates.authoritySeconds must be three times',
  ],
  [
    'an authority that is trusted for too long',
    { certificates: { trustSeconds: 2 * 365 * 86_400 } },
    'certificates.authoritySeconds must be three times',
  ],
  [
    'a life too short to settle',
    { certificates: { certificateSeconds: 30 * 86_400, settleSeconds: 6 * 86_400 } },
    'certificates.certificateSeconds must be six times settleSeconds',
  ],
  [
    'a life that ends before somebody looks',
    { certificates: { certificateSeconds: 5 * 86_400 } },
    'longest pause of schedule (86400 s)',
  ],
  [
    'certificates of minutes, though nobody renews them so often',
    { certificates: ofMinutes },
    'longest pause of schedule (86400 s)',
  ],
  ['half a second', { certificates: { trustSeconds: 0.5 } }, 'certificates.trustSeconds must be a whole number'],
  ['no life', { certificates: { ...ofMinutes, certificateSeconds: 0 } }, 'must be a whole number from 20'],
  ['everybody may publish', { network: { publishers: {} } }, 'network.publishers must have a label'],
  ['everybody may scrape', { network: { monitoring: {} } }, 'network.monitoring must have a label'],
];

describe('props', () => {
  it.each(Object.keys(environments) as EnvironmentName[])('of %s pass', (name) => {
    expect(() => checkProps(environments[name])).not.toThrow();
  });

  it.each(wrong)('are refused: %s', (_, change, told) => {
    expect(() => renderPlatform({ ...production, ...change } as PlatformProps)).toThrow(told);
  });

  it.each([
    ['looked at every minute', { ...ofMinutes, schedule: '* * * * *' }],
    ['renewed by hand', { ...ofMinutes, suspended: true }],
  ])('may make certificates of minutes, %s', (_, certificates) => {
    expect(() => checkProps({ ...production, certificates })).not.toThrow();
  });

  it('are told all faults of at once', () => {
    const several = { ...production, namespace: 'No', rabbitmq: { ...rabbitmq, replicas: 2, storage: '1' } } as never;
    const faults = (() => {
      try {
        checkProps(several);
      } catch (error) {
        if (error instanceof ConfigError) return error.faults;
      }
      return [];
    })();
    expect(faults).toHaveLength(3);
  });
});
