import { secrets } from '#shared/contract/secrets.ts';
import { writePrivate } from '#shared/runtime/write-private.ts';
import { rabbitmqDefinitions, rabbitmqUsers } from '../rabbitmq/definitions.ts';
import { readRabbitmqDefinitionsConfig } from '../render-config.ts';
import { mountedSecret, mountedSecrets } from '../secrets/mounted-secret.ts';
import type { Command } from './command.ts';

const ownUsers = rabbitmqUsers.filter((user) => user !== 'publisher');

/** Before a node of RabbitMQ starts: users, queues and rights, and the cookie by which nodes know each other. */
export const rabbitmqDefinitionsCommand: Command = async ({ env, log }) => {
  const { passwordsFolder, publisherFolder, definitionsFile, cookieFile } = readRabbitmqDefinitionsConfig(env);
  const passwords = await mountedSecrets(passwordsFolder, ownUsers);
  const publisher = await mountedSecret(publisherFolder, secrets.publisher.keys.password);
  await writePrivate(definitionsFile, JSON.stringify(rabbitmqDefinitions({ ...passwords, publisher })));
  // Erlang refuses a cookie that others may read, which a mounted Secret is.
  await writePrivate(cookieFile, await mountedSecret(passwordsFolder, secrets.rabbitmq.keys.erlangCookie));
  log.info({ file: definitionsFile }, 'the definitions of RabbitMQ are written');
};
