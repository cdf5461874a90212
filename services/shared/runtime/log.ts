import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

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
  const options = { name, level, base: { pid: process.pid } };
  return destination ? pino(options, destination) : pino(options);
}
