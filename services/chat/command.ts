import { ConfigError, type Env } from '#shared/runtime/config.ts';
import { createLogger, type Logger } from '#shared/runtime/log.ts';
import type { StoreConfig } from '#shared/store/store-config.ts';
import { readStoreConfig } from './config.ts';
import type { ChatStore } from './store/chat-store.ts';

type OpenStore = (config: StoreConfig, log: Logger) => ChatStore;
type Command = (config: StoreConfig, log: Logger, openStore: OpenStore) => Promise<void>;

/** Run once and end: `node services/chat/main.ts <command>`. */
const commands: Record<string, Command> = {
  /** The last step of a restore. */
  async 'new-epoch'(config, log, openStore) {
    const store = openStore(config, log);
    const epoch = await store.newEpoch().finally(() => store.close());
    process.stdout.write(`new epoch ${epoch}: every client reloads\n`);
  },
};

export async function runCommand(name: string, env: Env, openStore: OpenStore): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (!command) throw new ConfigError([`no command ${name}: there is ${Object.keys(commands).join(' and ')}`]);
    const log = createLogger({ name: 'chat', level: 'warn' });
    await command(readStoreConfig(env), log, openStore);
  } catch (error) {
    const faults = error instanceof ConfigError ? error.faults : [error instanceof Error ? error.message : 'failed'];
    for (const fault of faults) process.stderr.write(`chat ${name}: ${fault}\n`);
    process.exitCode = error instanceof ConfigError ? 78 : 1;
  }
}
