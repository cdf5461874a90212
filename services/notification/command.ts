import { ConfigError, type Env, readConfig } from '#shared/runtime/config.ts';
import { createLogger, type Logger } from '#shared/runtime/log.ts';
import { readTrustedCaDir, trustCertificatesOnce } from '#shared/runtime/trusted-certificates.ts';
import { readStoreConfig, type StoreConfig } from './config.ts';
import { openStore } from './open-stores.ts';
import { lift, list, revoke } from './revocation-commands.ts';
import { importSonixyNotifications } from './store/mongo-sonixy-import.ts';

type Context = { readonly config: StoreConfig; readonly env: Env; readonly log: Logger; print(line: string): void };
type Command = (context: Context, args: readonly string[]) => Promise<void>;

/** Run once and end: `node services/notification/main.ts <command>`. */
const commands: Record<string, Command> = {
  /** The last step of a restore. */
  async 'new-epoch'({ config, log }) {
    const store = openStore(config, log);
    const epoch = await store.newEpoch().finally(() => store.close());
    print(`new epoch ${epoch}: every client reloads`);
  },

  /** Sonixy's own rows; may be stopped and run again at any time. */
  async import({ config, log }) {
    if (config.kind !== 'mongo') throw new ConfigError(['MONGODB_URL is required: Sonixy keeps its rows on MongoDB']);
    const store = openStore(config, log);
    const { url, database } = config;
    const result = await importSonixyNotifications({
      url,
      database,
      store,
      log,
      onProgress: ({ read, lastId }) => print(`${read} rows read, up to ${lastId}`),
    }).finally(() => store.close());
    print(`done: ${result.imported} imported, ${result.known} known already, ${result.skipped} skipped`);
  },

  /** Shuts a user or a token out; with `REDIS_URL` everywhere at once. */
  revoke,
  /** Lets them in again before the time. */
  lift,
  /** Who is shut out. */
  revocations: list,
};

export async function runCommand(name: string, args: readonly string[], env: Env): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (!command) throw new ConfigError([`no command ${name}: there are ${Object.keys(commands).join(', ')}`]);
    trustCertificatesOnce(readConfig(env, readTrustedCaDir));
    const log = createLogger({ name: 'notification', level: 'warn' });
    await command({ config: readStoreConfig(env), env, log, print }, args);
  } catch (error) {
    const faults = error instanceof ConfigError ? error.faults : [error instanceof Error ? error.message : 'failed'];
    for (const fault of faults) process.stderr.write(`notification ${name}: ${fault}\n`);
    process.exitCode = error instanceof ConfigError ? 78 : 1;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
