import { describe, expect, it } from 'vitest';
import { createHubMetrics } from '#shared/hub/hub-metrics.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { dev } from '../environments/dev.ts';
import { environments } from '../environments/environments.ts';
import { production } from '../environments/production.ts';
import type { PlatformProps } from '../platform-props.ts';
import { connectionsMetric } from '../services/scale-by-metric.ts';
import { besideManifests } from '../synth/beside.ts';
import { type KubeObject, renderPlatform } from '../synth/render.ts';
import { prometheusAdapterValues } from './prometheus-adapter.ts';

const network = { monitoring: { 'kubernetes.io/metadata.name': 'monitoring' } };

function monitorsOf(platform: PlatformProps): KubeObject[] {
  return renderPlatform(platform).platform.filter(({ apiVersion }) => apiVersion === 'monitoring.coreos.com/v1');
}

type Container = { ports?: { name: string }[] };
type PodSpec = { spec: { containers: Container[]; initContainers?: Container[] } };

/** Names of the ports of the pods that carry all these labels. */
function portsOf(objects: readonly KubeObject[], labels: Readonly<Record<string, string>>): (string | undefined)[] {
  return objects.flatMap((object) => {
    const template = (object['spec'] as { template?: PodSpec & Pick<KubeObject, 'metadata'> } | undefined)?.template;
    const its = template?.metadata?.labels ?? {};
    if (!template || !Object.entries(labels).every(([name, value]) => its[name] === value)) return [];
    const { containers, initContainers = [] } = template.spec;
    return [...initContainers, ...containers].flatMap(({ ports = [] }) => ports.map(({ name }) => name));
  });
}

describe('PodMonitors', () => {
  it('are off unless they are asked for', () => {
    for (const platform of Object.values(environments)) expect(monitorsOf(platform)).toEqual([]);
  });

  it('select pods by a port that they have, and carry the labels by which Prometheus takes them', () => {
    const platform = { ...production, network, monitoring: { labels: { release: 'prometheus' } } };
    const { platform: objects } = renderPlatform(platform);
    const monitors = monitorsOf(platform);
    expect(monitors.map(({ metadata }) => metadata.name)).toEqual([
      'gateway',
      'notification',
      'chat',
      'hub',
      'mongodb',
      'rabbitmq',
    ]);
    for (const { metadata, spec } of monitors) {
      expect(metadata.labels).toMatchObject({ release: 'prometheus' });
      const { selector, podMetricsEndpoints } = spec as {
        selector: { matchLabels: Record<string, string> };
        podMetricsEndpoints: { port: string; interval: string }[];
      };
      expect(podMetricsEndpoints).toHaveLength(1);
      expect(podMetricsEndpoints[0]).toMatchObject({ path: '/metrics', interval: '15s' });
      expect(portsOf(objects, selector.matchLabels), metadata.name).toContain(podMetricsEndpoints[0]?.port);
    }
  });

  it('check the certificate of RabbitMQ by the name of its Service, where it has one', () => {
    const rabbitmq = (tls: 'internal' | 'off') =>
      monitorsOf({ ...dev, network, monitoring: {}, tls }).find(({ metadata }) => metadata.name === 'rabbitmq')?.[
        'spec'
      ];
    expect(rabbitmq('internal')).toMatchObject({
      podMetricsEndpoints: [
        {
          scheme: 'https',
          tlsConfig: { serverName: 'rabbitmq', ca: { secret: { name: 'rabbitmq-tls', key: 'ca.crt' } } },
        },
      ],
    });
    expect(rabbitmq('off')).toMatchObject({ podMetricsEndpoints: [{ port: 'metrics' }] });
    expect(JSON.stringify(rabbitmq('off'))).not.toContain('https');
  });

  it('are refused where Prometheus could not reach the pods', () => {
    expect(() => monitorsOf({ ...dev, monitoring: {} })).toThrow('monitoring needs network.monitoring');
  });
});

describe('the rule of prometheus-adapter', () => {
  const [rule] = prometheusAdapterValues.rules.custom;

  it('is about the metric that the hub has and that its autoscaler asks for', async () => {
    const metrics = createMetrics('test');
    createHubMetrics(metrics);
    const text = await metrics.registry.getSingleMetricAsString(connectionsMetric);
    expect(text).toContain(`# TYPE ${connectionsMetric} gauge`);
    // Several series a pod: the rule must sum them, and none of their labels is one of the rule's.
    expect(text.match(/^hub_connections\{/gm)?.length).toBeGreaterThan(1);
    expect(text).not.toMatch(/\b(namespace|pod)=/);
    expect(rule.metricsQuery).toMatch(/^sum by \(<<\.GroupBy>>\)/);

    const scaler = renderPlatform(production).platform.find(
      ({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === 'hub',
    );
    expect(scaler?.['spec']).toMatchObject({ metrics: [{ type: 'Pods', pods: { metric: { name: rule.name.as } } }] });
  });

  it('is written beside the manifests of whoever has that autoscaler', () => {
    expect(besideManifests(production)).toEqual({ 'prometheus-adapter-values.yaml': prometheusAdapterValues });
    expect(besideManifests(dev)).toEqual({});
  });
});
