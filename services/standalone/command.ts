import { ConfigError } from '#shared/runtime/config.ts';

/** Runs a command of the Makefile: what goes wrong is told in words, and the exit code is 1. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const faults =
      error instanceof ConfigError ? error.faults : [error instanceof Error ? error.message : String(error)];
    process.stderr.write(faults.map((fault) => `${fault}\n`).join(''));
    process.exitCode = 1;
  }
}
