import type { Metrics } from '#shared/runtime/metrics.ts';

export type RevocationMetrics = ReturnType<typeof createRevocationMetrics>;

export function createRevocationMetrics(metrics: Metrics, known: () => number) {
  metrics.gauge('revocations_known', 'Users and tokens that this process lets in no more', [], (gauge) =>
    gauge.set(known()),
  );
  return {
    reads: metrics.counter('revocation_reads_total', 'Reads of all revocations', ['outcome']),
  };
}
