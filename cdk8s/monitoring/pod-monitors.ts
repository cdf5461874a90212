import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { certificateKeys, certificateSecrets, type Store } from '#shared/contract/secrets.ts';
import { type Component, labelsOf, selectorOf } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';
import { externalOf } from '../stores/external-store.ts';
import { storeHosts, usesTls } from '../stores/store-hosts.ts';

/** Pods with a process of ours, and its port of operations: in mongodb's it is the sidecar. */
const ours = ['gateway', 'notification', 'chat', 'hub', 'mongodb'] as const satisfies readonly Component[];

/** PodMonitors, not ServiceMonitors: no Service has the ports of metrics, so that nothing ever routes them. */
export class PodMonitors extends Construct {
  readonly #labels: Readonly<Record<string, string>>;

  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'pod-monitors');
    this.#labels = platform.monitoring?.labels ?? {};
    if (platform.monitoring === undefined) return;
    if (platform.network?.monitoring === undefined) {
      throw new Error(
        'monitoring needs network.monitoring, the labels of the namespace of Prometheus: else nobody may scrape',
      );
    }
    const { interval = '15s' } = platform.monitoring;
    const isExternal = (store: Store) => externalOf(platform, store) !== undefined;
    const present = ours.filter((component) => component !== 'mongodb' || !isExternal('mongodb'));
    for (const component of present) this.#add(component, { port: 'ops', path: '/metrics', interval });
    if (isExternal('rabbitmq')) return;
    this.#add('rabbitmq', { port: 'metrics', path: '/metrics', interval, ...(usesTls(platform) ? rabbitmqTls : {}) });
  }

  #add(component: Component, endpoint: object): void {
    new ApiObject(this, component, {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { name: component, labels: { ...this.#labels, ...labelsOf(component) } },
      spec: { selector: { matchLabels: { ...selectorOf(component) } }, podMetricsEndpoints: [endpoint] },
    });
  }
}

/** Pods are scraped by their addresses, which no certificate names. */
const rabbitmqTls = {
  scheme: 'https',
  tlsConfig: {
    serverName: storeHosts.rabbitmq,
    ca: { secret: { name: certificateSecrets.rabbitmq, key: certificateKeys.trusted } },
  },
};
