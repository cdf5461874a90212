import { randomBytes } from 'node:crypto';
import { type SecretId, secrets } from '#shared/contract/secrets.ts';

type Secrets = typeof secrets;
type ContentOf<Id extends SecretId> = Readonly<Record<keyof Secrets[Id]['keys'], string>>;

/** A key without a maker does not compile. */
const makers: { readonly [Id in SecretId]: () => ContentOf<Id> } = {
  internal: () => ({ internalSecret: password() }),
  hubIds: () => ({ idKeys: `1:${randomBytes(32).toString('base64')}` }),
  rabbitmq: () => ({
    admin: password(),
    monitoring: password(),
    notification: password(),
    chat: password(),
    hub: password(),
    // Also an argument of Erlang's command lines, where a leading `-` would be an option.
    erlangCookie: randomBytes(32).toString('hex'),
  }),
  publisher: () => ({ username: 'publisher', password: password() }),
  mongodb: () => ({
    admin: password(),
    notification: password(),
    chat: password(),
    monitoring: password(),
    // MongoDB takes 6 to 1024 characters of base64.
    keyFile: randomBytes(756).toString('base64'),
  }),
  redis: () => ({
    gateway: password(),
    notification: password(),
    chat: password(),
    hub: password(),
    admin: password(),
  }),
};

/** By key of the Secret. New at each call. */
export function makeSecret(id: SecretId): Readonly<Record<string, string>> {
  const content: Readonly<Record<string, string>> = makers[id]();
  return Object.fromEntries(Object.entries(secrets[id].keys).map(([part, key]) => [key, content[part] ?? '']));
}

/** 256 bits that no URL, command line or file of settings reads in another way. */
function password(): string {
  return randomBytes(32).toString('base64url').replace(/^-/, '_');
}
