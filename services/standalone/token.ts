import { issueToken } from '#shared/auth/token-issuer.ts';
import { parseUserId } from '#shared/contract/ids.ts';
import { readConfig } from '#shared/runtime/config.ts';
import { readDataDir } from './config.ts';
import { dataKey } from './data-keys.ts';

// `make token USER=alice`: for the secret that the platform is configured with, else the data folder's.
const { user, secret, issuer, audience, lifetimeSeconds } = readConfig(process.env, (env) => ({
  user: env.text('TOKEN_USER'),
  secret: env.optionalSecret('JWT_HS256_SECRET') ?? dataKey(readDataDir(env), 'jwt-hs256'),
  issuer: env.text('JWT_ISSUER', { default: 'Sonixy.IdentityService' }),
  audience: env.text('JWT_AUDIENCE', { default: 'Sonixy.Client' }),
  lifetimeSeconds: env.integer('TOKEN_LIFETIME_SECONDS', { default: 15 * 60, min: 1, max: 365 * 24 * 3600 }),
}));
process.stdout.write(`${await issueToken({ secret, issuer, audience, user: parseUserId(user), lifetimeSeconds })}\n`);
