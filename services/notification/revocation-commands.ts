import { parseArgs } from 'node:util';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import type { RevokedSubject } from '#shared/contract/revocation.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { ConfigError, type Env, readConfig } from '#shared/runtime/config.ts';
import { createLogger, type Logger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { revocationRequest, revokedSubject } from '#shared/schemas/revocations.ts';
import type { StoreConfig } from './config.ts';
import { createNotificationMetrics } from './notification-metrics.ts';
import { openRevocationStore } from './open-stores.ts';
import { createRevocations, type Revocations } from './revocations.ts';

type Context = { readonly config: StoreConfig; readonly env: Env; readonly log: Logger; print(line: string): void };

const connectWaitMs = 5_000;
const notTold = 'not published (REDIS_URL): running processes find it when they read again, within 30 s by default';

/** `--user <id> | --jti <id>`, and `--until 2026-12-31T00:00:00Z`. */
export async function revoke(context: Context, args: readonly string[]): Promise<void> {
  const { user, jti, until } = parse(args, ['user', 'jti', 'until']);
  const wanted = revocationRequest.safeParse({ userId: user, jti, until });
  if (!wanted.success || wanted.data.until <= clock.now()) {
    throw new ConfigError(['say --user <id> or --jti <id>, and --until a time ahead, like 2026-12-31T00:00:00Z']);
  }
  await using stack = new AsyncDisposableStack();
  const { revocation, published } = await open(context, stack).then((it) => it.revoke(wanted.data));
  context.print(`${nameOf(revocation)} is revoked until ${new Date(revocation.until).toISOString()}`);
  if (!published) context.print(notTold);
}

/** `--user <id> | --jti <id>`. */
export async function lift(context: Context, args: readonly string[]): Promise<void> {
  const { user, jti } = parse(args, ['user', 'jti']);
  const subject = revokedSubject.safeParse({ userId: user, jti });
  if (!subject.success) throw new ConfigError(['say --user <id> or --jti <id>']);
  await using stack = new AsyncDisposableStack();
  const { lifted, published } = await open(context, stack).then((it) => it.lift(subject.data));
  context.print(`${nameOf(subject.data)} ${lifted ? 'is lifted' : 'was not revoked'}`);
  if (!published) context.print(notTold);
}

/** One line for each that is in force. */
export async function list({ config, log, print }: Context): Promise<void> {
  const store = openRevocationStore(config, log);
  try {
    for (let after: string | undefined; ; ) {
      const { revocations, next } = await store.inForce(after);
      for (const it of revocations) print(`${new Date(it.until).toISOString()} ${nameOf(it)}`);
      if (next === null) return;
      after = next;
    }
  } finally {
    await store.close();
  }
}

async function open({ config, env, log }: Context, stack: AsyncDisposableStack): Promise<Revocations> {
  const url = readConfig(env, (reader) =>
    reader.optionalUrlOfUser('REDIS_URL', 'REDIS_PASSWORD', { protocols: ['redis:', 'rediss:'] }),
  );
  const store = stack.adopt(openRevocationStore(config, log), (it) => it.close());
  const backplane = url ? stack.adopt(connectRedisBackplane({ url, log }), (it) => it.close()) : undefined;
  if (backplane) {
    await new Promise<void>((resolve) => {
      backplane.onStateChange((state) => state === 'up' && resolve());
      // Not the clock of the platform: that one keeps no process alive.
      setTimeout(resolve, connectWaitMs).unref();
    });
  }
  const nobody = { publish: () => Promise.reject(new Error('REDIS_URL is not set')) };
  const metrics = createNotificationMetrics(createMetrics('notification'));
  // What it would say is printed in words.
  const quiet = createLogger({ name: 'notification', level: 'error' });
  return createRevocations({ store, backplane: backplane ?? nobody, log: quiet, metrics });
}

function parse<Name extends string>(args: readonly string[], names: readonly Name[]): Partial<Record<Name, string>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]));
  try {
    return parseArgs({ args: [...args], options, strict: true }).values as Partial<Record<Name, string>>;
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : 'the arguments cannot be read']);
  }
}

function nameOf({ kind, id }: RevokedSubject): string {
  return `${kind} ${id}`;
}
