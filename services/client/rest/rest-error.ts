import { type ErrorCode, errorCodes } from '../../shared/contract/errors.ts';

/** A call that the server refused, or (status 0) that never reached it. `message` is fit to be shown. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  /** undefined when the answer was not one of ours. */
  readonly code: ErrorCode | undefined;
  readonly correlationId: string | undefined;
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    status: number,
    details: {
      code?: ErrorCode | undefined;
      correlationId?: string | undefined;
      retryAfterMs?: number | undefined;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.code = details.code;
    this.correlationId = details.correlationId;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return this.code ? errorCodes[this.code].retryable : this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

/** The JSON body of a good answer. @throws RestError with the server's own text */
export async function readAnswer(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  const code = text('code');
  throw new RestError(text('error') ?? `HTTP ${response.status}`, response.status, {
    code: code !== undefined && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : undefined,
    correlationId: text('correlationId') ?? response.headers.get('x-correlation-id') ?? undefined,
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), Date.now()),
  });
}

/** Seconds, or a date. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
