import type { Metrics } from '#shared/runtime/metrics.ts';
import type { ServedCertificate } from './certificates/served-certificate.ts';

export function createSidecarMetrics(metrics: Metrics, certificate: ServedCertificate | undefined) {
  if (certificate) {
    metrics.gauge(
      'mongodb_certificate_expires_timestamp_seconds',
      'End of the certificate that this mongod serves, seconds since 1970',
      [],
      (gauge) => gauge.set(certificate.validTo.getTime() / 1_000),
    );
  }
  return {
    primary: metrics.gauge('mongodb_member_primary', '1 while this member is the primary'),
    serving: metrics.gauge('mongodb_member_serving', '1 while this member is primary or secondary'),
    steps: metrics.counter('mongodb_sidecar_steps_total', 'What was done to the set', ['step']),
    failures: metrics.counter('mongodb_sidecar_failures_total', 'Looks at the member that ended with a problem'),
  };
}

export type SidecarMetrics = ReturnType<typeof createSidecarMetrics>;
