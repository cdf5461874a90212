import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const correlationHeader = 'X-Correlation-Id';

/** The caller's `X-Correlation-Id`, else its `X-Request-Id`, where it is safe to log and to echo; else a new one. */
export function correlationIdFrom(headers: IncomingHttpHeaders): string {
  for (const value of [headers['x-correlation-id'], headers['x-request-id']]) {
    if (typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value)) return value;
  }
  return randomUUID();
}
