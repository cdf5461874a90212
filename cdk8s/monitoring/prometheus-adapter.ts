import { connectionsMetric } from '../services/scale-by-metric.ts';

/**
 * Values of the chart prometheus-community/prometheus-adapter by which the hub's autoscaler gets its metric. Values, not an
 * object: the adapter is one for the whole cluster, so its configuration is not ours to apply.
 *
 * A worker has a series for each protocol and transport: the rule sums them.
 */
export const prometheusAdapterValues = {
  rules: {
    custom: [
      {
        seriesQuery: `${connectionsMetric}{namespace!="",pod!=""}`,
        resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } },
        name: { matches: `^${connectionsMetric}$`, as: connectionsMetric },
        metricsQuery: 'sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})',
      },
    ],
  },
} as const;
