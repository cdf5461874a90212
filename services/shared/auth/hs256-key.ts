import type { CryptoKey } from 'jose';
import { ConfigError } from '#shared/runtime/config.ts';

/** HS256 is as strong as its key: RFC 7518 asks for the length of the hash. */
export const minSecretBytes = 32;

/** The secret's UTF-8 bytes, as .NET takes them. @throws ConfigError for fewer than 32 */
export function hs256Key(secret: string): Promise<CryptoKey> {
  const bytes = Buffer.from(secret);
  if (bytes.length < minSecretBytes) {
    throw new ConfigError([`an HS256 secret must have at least ${minSecretBytes} bytes, got ${bytes.length}`]);
  }
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}
