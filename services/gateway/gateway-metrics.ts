import type { Counter, Gauge, Histogram, Metrics } from '#shared/runtime/metrics.ts';

export type GatewayMetrics = {
  readonly requests: Counter<'route' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly refused: Counter<'code'>;
  readonly upstreamFailures: Counter<'service' | 'reason'>;
  readonly retries: Counter<'service'>;
  readonly circuitOpen: Gauge<'service'>;
};

export function createGatewayMetrics(metrics: Metrics): GatewayMetrics {
  return {
    requests: metrics.counter('gateway_requests_total', 'answers by class of their status', ['route', 'status']),
    seconds: metrics.histogram(
      'gateway_request_seconds',
      'from the first byte of a REST request to the end of its answer',
      {
        labels: ['route'],
      },
    ),
    refused: metrics.counter('gateway_refused_total', 'requests that the gateway itself refused', ['code']),
    upstreamFailures: metrics.counter('gateway_upstream_failures_total', 'attempts that a service did not answer', [
      'service',
      'reason',
    ]),
    retries: metrics.counter('gateway_retries_total', 'attempts after the first', ['service']),
    circuitOpen: metrics.gauge('gateway_circuit_open', '1 while requests of a service are answered 503 unasked', [
      'service',
    ]),
  };
}
