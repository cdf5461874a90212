import { issueToken } from '#shared/auth/token-issuer.ts';
import { parseUserId } from '#shared/contract/ids.ts';
import { type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { runCommand } from './command.ts';
import { readDataDir } from './config.ts';
import { dataKey } from './data-keys.ts';

// `make token USER=alice`: for the secret that the platform is configured with, else the data folder's.
await runCommand(async () => {
  const { user, lifetimeSeconds, ...signer } = readConfig(process.env, readTokenCommand);
  process.stdout.write(`${await issueToken({ ...signer, user: parseUserId(user), lifetimeSeconds })}\n`);
});

function readTokenCommand(env: EnvReader) {
  const user = env.optionalText('TOKEN_USER');
  if (user === undefined) env.fault('say whom the token is for: make token USER=alice');
  return {
    user,
    secret: env.optionalSecret('JWT_HS256_SECRET') ?? dataKey(readDataDir(env), 'jwt-hs256'),
    issuer: env.text('JWT_ISSUER', { default: 'Sonixy.IdentityService' }),
    audience: env.text('JWT_AUDIENCE', { default: 'Sonixy.Client' }),
    lifetimeSeconds: env.integer('TOKEN_LIFETIME_SECONDS', { default: 15 * 60, min: 1, max: 365 * 24 * 3600 }),
  };
}
