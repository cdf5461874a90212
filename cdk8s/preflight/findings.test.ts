import { describe, expect, it } from 'vitest';
import { dev } from '../environments/dev.ts';
import { production } from '../environments/production.ts';
import type { PlatformProps } from '../platform-props.ts';
import { supportedVersions } from '../supported-versions.ts';
import type { Facts } from './facts.ts';
import { findingsOf } from './findings.ts';

const standard = { name: 'standard', isDefault: true, expands: true };

/** Of a cluster that has all. */
const whole: Facts = {
  version: supportedVersions.newest,
  storageClasses: [standard, { name: 'fast', isDefault: false, expands: true }],
  hasNamespace: true,
  enforcesPodSecurity: true,
  apis: new Set(['metrics.k8s.io/v1beta1', 'custom.metrics.k8s.io/v1beta2', 'cert-manager.io/v1']),
  nodes: [{ zone: 'a' }, { zone: 'b' }],
  daemonSets: ['kube-proxy', 'cilium'],
  tokenKeys: ['hs256-secret'],
};
const texts = (facts: Partial<Facts>, platform: Partial<PlatformProps> = {}) =>
  findingsOf({ ...whole, ...facts }, { ...production, ...platform } as PlatformProps).map(
    ({ level, what, todo }) => `${level}: ${what}. ${todo}`,
  );
const hub = production.hub.resources;

describe('a cluster', () => {
  it.each([
    ['production', {}],
    ['the oldest Kubernetes', { version: supportedVersions.oldest }],
  ] as const)('that has all is told nothing: %s', (_, facts) => {
    expect(texts(facts)).toEqual([]);
    expect(texts(facts, dev)).toEqual([]);
    expect(texts(facts, { tls: 'cert-manager', spread: 'strict' })).toEqual([]);
  });

  const lacking: readonly (readonly [string, Partial<Facts>, Partial<PlatformProps>, readonly string[]])[] = [
    ['is old', { version: '1.9' }, {}, ['error: Kubernetes 1.9 is older']],
    ['is newer than anybody tried', { version: '1.99' }, {}, ['warning: Kubernetes 1.99 is newer']],
    [
      'has no default storage',
      { storageClasses: [{ ...standard, isDefault: false }] },
      {},
      ['error: claims of rabbitmq get no volume: no', 'error: claims of mongodb get no volume: no'],
    ],
    [
      'has no storage of that name',
      {},
      { mongodb: { ...production.mongodb, storageClass: 'faster' } },
      [
        'error: claims of mongodb get no volume: there is no StorageClass faster. make it, or name one of: standard, fast',
      ],
    ],
    [
      'has storage that can not grow',
      { storageClasses: [{ ...standard, expands: false }] },
      {},
      ['warning: claims of class standard can not grow', 'warning: claims of class standard can not grow'],
    ],
    ['tells nobody of its storage', { storageClasses: undefined }, {}, ['warning: StorageClasses may not be listed']],
    [
      'lets privileged pods in',
      { enforcesPodSecurity: false },
      {},
      ['warning: sonixy-realtime lets privileged pods in'],
    ],
    [
      'says nothing of Pod Security',
      { enforcesPodSecurity: undefined },
      {},
      ['warning: nobody can tell whether Pod Security'],
    ],
    ['has no namespace yet', { hasNamespace: false, tokenKeys: undefined }, dev, ['warning: there is no namespace']],
    ['has no metrics', { apis: new Set() }, {}, ['warning: autoscalers of gateway', 'warning: the autoscaler of hub']],
    [
      'has no cert-manager',
      { apis: new Set(whole.apis).difference(new Set(['cert-manager.io/v1'])) },
      { tls: 'cert-manager' },
      ['error: the cluster does not know cert-manager.io/v1'],
    ],
    [
      'has no Gateway API',
      {},
      { routes: { hosts: ['a.example'], parents: [{ name: 'public' }] } },
      ['error: the cluster does not know gateway.networking.k8s.io/v1'],
    ],
    [
      'has no Prometheus operator',
      {},
      { monitoring: {} },
      ['error: the cluster does not know monitoring.coreos.com/v1'],
    ],
    ['has a network of its own', { daemonSets: ['flannel'] }, {}, ['warning: nobody can tell whether NetworkPolicies']],
    [
      'names no zones',
      { nodes: [{ zone: 'a' }, { zone: undefined }] },
      { spread: 'strict' },
      ['error: 1 of 2 nodes name no zone'],
    ],
    [
      'lacks the key of tokens',
      { tokenKeys: ['other'] },
      dev,
      ['error: the Secret sonixy-tokens with key hs256-secret'],
    ],
  ];

  it.each(lacking)('that %s is told so', (_, facts, platform, told) => {
    const found = texts(facts, platform);
    expect(found.map((text, index) => text.slice(0, told[index]?.length ?? 0))).toEqual(told);
  });

  it('that has no metrics is fine for fixed scales', () => {
    const scale = { replicas: 1 };
    expect(texts({ apis: new Set() }, { ...dev, hub: { scale, resources: hub } })).toEqual([]);
  });
});
