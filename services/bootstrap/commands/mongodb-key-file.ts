import { secrets } from '#shared/contract/secrets.ts';
import { writePrivate } from '#shared/runtime/write-private.ts';
import { readMongodbKeyFileConfig } from '../render-config.ts';
import { mountedSecret } from '../secrets/mounted-secret.ts';
import type { Command } from './command.ts';

/** Before mongod starts: what members know each other by. mongod refuses a file that others may read, which a mounted Secret is. */
export const mongodbKeyFileCommand: Command = async ({ env, log }) => {
  const { passwordsFolder, keyFile } = readMongodbKeyFileConfig(env);
  await writePrivate(keyFile, await mountedSecret(passwordsFolder, secrets.mongodb.keys.keyFile));
  log.info({ file: keyFile }, 'the key file of MongoDB is written');
};
