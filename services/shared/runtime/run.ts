import { ConfigError, type Env, readConfig } from './config.ts';
import { createLogger, type Logger, logLevels } from './log.ts';
import { StartError } from './start-error.ts';

export type RunContext = {
  /** Aborted by the first SIGTERM or SIGINT: stop waiting for what start-up waits for. */
  readonly signal: AbortSignal;
  readonly log: Logger;
};

export type RunOptions = {
  /** Read for `LOG_LEVEL` (default `info`) and `SHUTDOWN_TIMEOUT` (seconds, default 30). */
  readonly env?: Env;
};

/** EX_CONFIG of sysexits.h. */
const exitBadConfig = 78;

/**
 * Runs a process: `start` builds it, disposal drains it. The first SIGTERM or SIGINT disposes what was started, then the
 * process ends by having nothing left to do, with code 0; what is still open after `SHUTDOWN_TIMEOUT` is named and the
 * code is 1, as after a second signal. A start that fails prints why on standard error: code 78 for settings, else 1.
 */
export function run(
  name: string,
  start: (context: RunContext) => Promise<AsyncDisposable>,
  { env = {} }: RunOptions = {},
): void {
  const settings = orExplain(name, () =>
    readConfig(env, (reader) => ({
      level: reader.choice('LOG_LEVEL', logLevels, { default: 'info' }),
      shutdownTimeoutMs: reader.integer('SHUTDOWN_TIMEOUT', { default: 30, min: 1, max: 3_600 }) * 1_000,
    })),
  );
  const log = createLogger({ name, level: settings.level });
  const stopping = new AbortController();

  // Node hands rejections that nobody takes to the same listener.
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'an error was thrown and nobody took it');
    process.exit(1);
  });

  const started = start({ signal: stopping.signal, log }).catch((error: unknown) => {
    if (stopping.signal.aborted) {
      log.info({ err: error }, 'stopped while starting');
      return undefined;
    }
    if (!(error instanceof ConfigError) && !(error instanceof StartError)) log.fatal({ err: error }, 'start failed');
    explainAndExit(name, error);
  });

  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) {
      log.warn({ signal }, 'second signal: exit without draining');
      process.exit(1);
    }
    log.info({ signal }, 'stopping');
    stopping.abort();
    void stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);

  async function stop(): Promise<void> {
    // Keeps the process until the drain has ended, but not longer: the rest of the wait is for handles left open.
    const watchdog = setTimeout(() => {
      log.fatal({ open: openResources() }, 'still open when the shutdown time was over');
      process.exit(1);
    }, settings.shutdownTimeoutMs);
    try {
      const running = await started;
      await running?.[Symbol.asyncDispose]();
      log.info('stopped');
    } catch (err) {
      process.exitCode = 1;
      log.error({ err }, 'draining failed');
    }
    watchdog.unref();
  }
}

function orExplain<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    return explainAndExit(name, error);
  }
}

function explainAndExit(name: string, error: unknown): never {
  if (error instanceof ConfigError) {
    const faults = error.faults.map((fault) => `  ${fault}\n`).join('');
    process.stderr.write(`${name} can't start, its settings are wrong:\n${faults}`);
    process.exit(exitBadConfig);
  }
  process.stderr.write(`${name} can't start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

/** As `TCPServerWrap ×1, Timeout ×2`. */
function openResources(): string {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ×${count}`).join(', ');
}
