import { writePrivate } from '#shared/runtime/write-private.ts';
import { redisAcl, redisUsers } from '../redis/acl.ts';
import { readRedisAclConfig } from '../render-config.ts';
import { mountedSecrets } from '../secrets/mounted-secret.ts';
import type { Command } from './command.ts';

/** Before Redis starts: who may do what. */
export const redisAclCommand: Command = async ({ env, log }) => {
  const { passwordsFolder, aclFile } = readRedisAclConfig(env);
  await writePrivate(aclFile, redisAcl(await mountedSecrets(passwordsFolder, redisUsers)));
  log.info({ file: aclFile }, 'the ACL of Redis is written');
};
