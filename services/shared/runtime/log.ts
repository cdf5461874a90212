import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogOptions = {
  /** `service` or `service:subsystem`. */
  readonly name: string;
  /** @default 'info' */
  readonly level?: string;
  /** @default standard output */
  readonly destination?: DestinationStream;
};

/** JSON lines. Fixed message, data in fields, errors under `err`; message bodies and tokens never. */
export function createLogger({ name, level = 'info', destination }: LogOptions): Logger {
  const options = { name, level, base: { pid: process.pid }, serializers: { err: errorFields } };
  return destination ? pino(options, destination) : pino(options);
}

type ErrorFields = { type: string; message: string; code?: unknown; stack?: string; cause?: ErrorFields };

/** Named fields only: libraries hang requests, bodies and claims on their errors. */
function errorFields(error: unknown, depth = 0): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth >= 4 ? {} : { cause: errorFields(error.cause, depth + 1) }),
  };
}
