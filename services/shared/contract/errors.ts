/**
 * Every error code that a client can meet, with its HTTP status and whether the same call may succeed later.
 * The set is closed: clients switch on `code`, never on the text.
 */
export const errorCodes = {
  bad_request: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  conflict: { status: 409, retryable: false },
  too_large: { status: 413, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  rate_limited: { status: 429, retryable: true },
  internal: { status: 500, retryable: false },
  /** A server that we depend on does not answer: the call changed nothing that was acknowledged. */
  unavailable: { status: 503, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof errorCodes;

/** Body of every REST error answer. */
export type ErrorBody = { readonly error: string; readonly code: ErrorCode; readonly correlationId: string };

/** An expected failure. `message` is shown to the caller unless the status is 5xx; `cause` never is. */
export class PlatformError extends Error {
  override readonly name: string = 'PlatformError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}
