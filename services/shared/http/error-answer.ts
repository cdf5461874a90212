import { type ErrorBody, type ErrorCode, PlatformError } from '#shared/contract/errors.ts';

export type ErrorAnswer = { readonly status: number; readonly body: ErrorBody };

const codeOfStatus: Partial<Record<number, ErrorCode>> = {
  400: 'bad_request',
  413: 'too_large',
  415: 'unsupported_media_type',
};

// Texts of our own: express and its parsers quote the request.
const textOfCode: Partial<Record<ErrorCode, string>> = {
  bad_request: 'the request is malformed',
  too_large: 'the body is too large',
  unsupported_media_type: 'the body must be application/json in UTF-8, not compressed',
  internal: 'something went wrong on our side',
  unavailable: 'the service is not available at the moment, try again',
};

/** What a failure says to the outside: the text of expected failures, a fixed one for everything else. */
export function errorAnswer(error: unknown, correlationId: string): ErrorAnswer {
  const failure = asPlatformError(error);
  const text = failure.status >= 500 ? (textOfCode[failure.code] ?? 'something went wrong') : failure.message;
  return { status: failure.status, body: { error: text, code: failure.code, correlationId } };
}

function asPlatformError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  const code = (typeof status === 'number' && codeOfStatus[status]) || 'internal';
  return new PlatformError(code, textOfCode[code] ?? code);
}
