import { ConfigError, type Env, readConfig } from '#shared/runtime/config.ts';
import { createLogger, logLevels } from '#shared/runtime/log.ts';
import { StartError } from '#shared/runtime/start-error.ts';
import { certificates } from './commands/certificates.ts';
import type { Command } from './commands/command.ts';
import { mongodbKeyFileCommand } from './commands/mongodb-key-file.ts';
import { rabbitmqDefinitionsCommand } from './commands/rabbitmq-definitions.ts';
import { rabbitmqTopologyCommand } from './commands/rabbitmq-topology.ts';
import { redisAclCommand } from './commands/redis-acl.ts';
import { secrets } from './commands/secrets.ts';

/** Each runs once and ends: `node services/bootstrap/main.ts <name>`. */
const commands: Readonly<Record<string, Command>> = {
  secrets,
  certificates,
  'redis-acl': redisAclCommand,
  'rabbitmq-definitions': rabbitmqDefinitionsCommand,
  'rabbitmq-topology': rabbitmqTopologyCommand,
  'mongodb-key-file': mongodbKeyFileCommand,
};

/** Why it failed goes to standard error, which Kubernetes shows as the pod's last word. EX_CONFIG of sysexits.h is 78. */
export async function runCommand(name: string | undefined, env: Env): Promise<void> {
  // PID 1 is not ended by a signal that it has no handler for.
  const stopping = new AbortController();
  for (const it of ['SIGTERM', 'SIGINT'] as const) process.once(it, () => stopping.abort());
  try {
    const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new ConfigError([`no such command: there are ${Object.keys(commands).join(', ')}`]);
    const level = readConfig(env, (reader) => reader.choice('LOG_LEVEL', logLevels, { default: 'info' }));
    await command({ env, log: createLogger({ name: `bootstrap:${name}`, level }), signal: stopping.signal });
  } catch (error) {
    for (const line of explain(error)) process.stderr.write(`bootstrap ${name ?? ''}: ${line}\n`);
    process.exitCode = error instanceof ConfigError ? 78 : 1;
  }
}

function explain(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.faults;
  if (error instanceof StartError) return error.message.split('\n');
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}
