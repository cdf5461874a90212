import type { Env } from '#shared/runtime/config.ts';
import type { Logger } from '#shared/runtime/log.ts';

export type CommandContext = {
  readonly env: Env;
  readonly log: Logger;
  /** Aborted by SIGTERM or SIGINT: stop waiting. */
  readonly signal: AbortSignal;
};

/**
 * Runs once and ends. Throws a ConfigError for settings, a StartError for what a person can mend; anything else is told with
 * its stack.
 */
export type Command = (context: CommandContext) => Promise<void>;
