import { readFileSync } from 'node:fs';
import { issueToken } from '#shared/auth/token-issuer.ts';

/**
 * A program of a pod in another namespace than the platform's. It ends with 1, and says why, when it fails or takes too long.
 *
 * @param timeoutMs default five minutes
 */
export async function runProgram(
  program: () => Promise<void>,
  { timeoutMs = 5 * 60_000 }: { timeoutMs?: number } = {},
): Promise<never> {
  setTimeout(() => fail('it took too long'), timeoutMs).unref();
  await program().catch(fail);
  process.exit(0);
}

function fail(error: unknown): never {
  console.log(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exit(1);
}

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** Of the Secrets that the namespace was given. */
export function secret(name: string, key: string): string {
  return readFileSync(`/secrets/${name}/${key}`, 'utf8').trim();
}

/** As a browser outside would, but by the Service. */
export function serviceUrl(service: 'gateway' | 'hub', port: number): string {
  return `http://${service}.${setting('NAMESPACE')}.svc:${port}`;
}

/** As the publisher's user. */
export function brokerUrl(): string {
  const scheme = setting('AMQP_SCHEME');
  const user = secret('rabbitmq-publisher', 'username');
  const password = encodeURIComponent(secret('rabbitmq-publisher', 'password'));
  return `${scheme}://${user}:${password}@rabbitmq.${setting('NAMESPACE')}.svc:${scheme === 'amqps' ? 5671 : 5672}`;
}

/** As Sonixy's identity service makes it. */
export function tokenOf(user: string): Promise<string> {
  return issueToken({
    secret: secret('sonixy-tokens', 'hs256-secret'),
    issuer: 'Sonixy.IdentityService',
    audience: 'Sonixy.Client',
    user,
    lifetimeSeconds: 3_600,
  });
}
