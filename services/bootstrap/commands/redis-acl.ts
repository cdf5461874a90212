import { randomBytes } from 'node:crypto';
import { writePrivate } from '#shared/runtime/write-private.ts';
import { redisAcl, redisUsers } from '../redis/acl.ts';
import { readRedisAclConfig } from '../render-config.ts';
import { mountedSecrets } from '../secrets/mounted-secret.ts';
import type { Command } from './command.ts';

/** Before Redis starts: who may do what. */
export const redisAclCommand: Command = async ({ env, log }) => {
  const { passwordsFolder, aclFile, sidecarPasswordFile } = readRedisAclConfig(env);
  const passwords = await mountedSecrets(passwordsFolder, redisUsers);
  const sidecarPassword = sidecarPasswordFile && (await newPassword(sidecarPasswordFile));
  await writePrivate(aclFile, redisAcl(passwords, sidecarPassword));
  log.info({ file: aclFile }, 'the ACL of Redis is written');
};

/** Known to nobody outside the pod, and gone with it. */
async function newPassword(file: string): Promise<string> {
  const password = randomBytes(32).toString('hex');
  await writePrivate(file, password);
  return password;
}
