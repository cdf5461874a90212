import { ConfigError } from './config.ts';
import { createLogger, type Logger } from './log.ts';

export type RunContext = {
  /** Aborted at the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  readonly log: Logger;
};

const shutdownTimeoutMs = 30_000;
/** sysexits' EX_CONFIG. */
const exitCodeOfConfigError = 78;

/**
 * Runs one process: starts it, waits for SIGTERM or SIGINT, disposes it (its drain) and lets the event loop run empty. A
 * second signal, or a shutdown that takes more than 30 s, exits at once with 1. A failed start prints one line.
 */
export async function run(name: string, start: (context: RunContext) => Promise<AsyncDisposable>): Promise<void> {
  const log = createLogger({ name });
  const abort = new AbortController();
  const stopped = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve()));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted) process.exit(1);
      log.info({ signal }, 'stopping');
      abort.abort();
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (err: unknown) => {
      log.fatal({ err }, event);
      process.exit(1);
    });
  }
  try {
    const service = await start({ signal: abort.signal, log });
    await stopped;
    watchShutdown(log);
    await service[Symbol.asyncDispose]();
    log.info('stopped');
  } catch (error) {
    process.exitCode = reportFailure(name, error);
    watchShutdown(log);
  }
}

function reportFailure(name: string, error: unknown): number {
  if (error instanceof ConfigError) {
    process.stderr.write(`${name} cannot start:\n${error.faults.map((fault) => `  ${fault}\n`).join('')}`);
    return exitCodeOfConfigError;
  }
  process.stderr.write(`${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}

function watchShutdown(log: Logger): void {
  setTimeout(() => {
    log.error({ open: process.getActiveResourcesInfo() }, 'still open after the shutdown time-out');
    process.exit(1);
  }, shutdownTimeoutMs).unref();
}
