import { createHash } from 'node:crypto';
import { redisPrefix, revocationsChannel } from '#shared/contract/names.ts';

/** Each is a user of Redis, with a password of its own. */
export const redisUsers = ['gateway', 'notification', 'chat', 'hub', 'admin'] as const;
export type RedisUser = (typeof redisUsers)[number];

/** What the handshake of the client sends; Redis 7.0 does not know `client|setinfo`, and the client takes its refusal. */
const handshake = ['+ping', '+auth', '+hello', '+quit', '+info', '+client|setname', '+client|id', '+client|setinfo'];
const listen = ['+subscribe', '+unsubscribe'];
const presence = ['+zadd', '+zrem', '+zcount', '+pexpire'];
const counts = ['+hset', '+hdel', '+hgetall'];
/** Of the script that counts: its own commands are checked too. */
const limits = ['+eval', '+evalsha', '+script|load', '+set', '+get', '+incrby', '+pttl', '+pexpire', '+del'];

const canary = `&${redisPrefix}canary:*`;

const rights: Readonly<Record<RedisUser, readonly string[]>> = {
  // Selectors: what it hears it may not send, or it could let the banned in again.
  gateway: [
    `~${redisPrefix}limit:*`,
    ...limits,
    `(${[`&${revocationsChannel}`, canary, ...listen].join(' ')})`,
    `(${canary} +publish)`,
  ],
  notification: [`&${redisPrefix}*`, '+publish', ...listen],
  chat: [`&${redisPrefix}*`, '+publish', ...listen],
  hub: [
    `&${redisPrefix}*`,
    ...[`~${redisPrefix}presence:*`, ...presence],
    ...[`~${redisPrefix}connections:*`, ...counts],
    '+publish',
    ...listen,
  ],
  admin: ['~*', '&*', '+@all'],
};

/**
 * users.acl of Redis 7 and 8: who may do what on our channels and keys, and nobody else anything. Passwords appear as
 * SHA-256: they are random, so no salt is missed. `sidecarPassword`: of the sidecar in the pod, where there is one.
 */
export function redisAcl(passwords: Readonly<Record<RedisUser, string>>, sidecarPassword?: string): string {
  const lines = redisUsers.map((user) => line(user, passwords[user], rights[user]));
  // No rule can say which settings. Those that name where Redis writes it protects itself.
  const sidecar = sidecarPassword === undefined ? [] : [line('sidecar', sidecarPassword, ['+config|set'])];
  return `${['user default off resetpass resetkeys resetchannels -@all', ...lines, ...sidecar].join('\n')}\n`;
}

function line(user: string, password: string, its: readonly string[]): string {
  const hash = createHash('sha256').update(password).digest('hex');
  return ['user', user, 'on', `#${hash}`, 'resetkeys', 'resetchannels', '-@all', ...handshake, ...its].join(' ');
}
