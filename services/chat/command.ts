import { systemClock as clock } from '#shared/runtime/clock.ts';
import { ConfigError, type Env, readConfig } from '#shared/runtime/config.ts';
import { createLogger, type Logger } from '#shared/runtime/log.ts';
import { readTrustedCaDir, trustCertificatesOnce } from '#shared/runtime/trusted-certificates.ts';
import type { StoreConfig } from '#shared/store/store-config.ts';
import { readStoreConfig } from './config.ts';
import type { ChatStore } from './store/chat-store.ts';
import { importSonixyChat, type SonixyChatImportResult } from './store/mongo-sonixy-chat-import.ts';

type OpenStore = (config: StoreConfig, log: Logger) => ChatStore;
type Command = (config: StoreConfig, log: Logger, openStore: OpenStore) => Promise<void>;

/** Run once and end: `node services/chat/main.ts <command>`. */
const commands: Record<string, Command> = {
  /** The last step of a restore. */
  async 'new-epoch'(config, log, openStore) {
    const store = openStore(config, log);
    const epoch = await store.newEpoch().finally(() => store.close());
    print(`new epoch ${epoch}: every client reloads`);
  },

  /** Sonixy's own rows; may be stopped and run again at any time. */
  async import(config, log) {
    if (config.kind !== 'mongo') throw new ConfigError(['MONGODB_URL is required: Sonixy keeps its rows on MongoDB']);
    const { url, database } = config;
    const onProgress = ({ messages, known, lastId }: SonixyChatImportResult & { readonly lastId: string }) =>
      print(`${messages + known} messages read, up to ${lastId}`);
    const result = await importSonixyChat({ url, database, clock, log, onProgress });
    const { conversations, messages, known, skipped } = result;
    print(
      `done: ${conversations} conversations, ${messages} messages imported, ${known} known already, ${skipped} skipped`,
    );
  },
};

export async function runCommand(name: string, env: Env, openStore: OpenStore): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (!command) throw new ConfigError([`no command ${name}: there are ${Object.keys(commands).join(' and ')}`]);
    trustCertificatesOnce(readConfig(env, readTrustedCaDir));
    const log = createLogger({ name: 'chat', level: 'warn' });
    await command(readStoreConfig(env), log, openStore);
  } catch (error) {
    const faults = error instanceof ConfigError ? error.faults : [error instanceof Error ? error.message : 'failed'];
    for (const fault of faults) process.stderr.write(`chat ${name}: ${fault}\n`);
    process.exitCode = error instanceof ConfigError ? 78 : 1;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
