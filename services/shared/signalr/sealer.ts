import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** 32-byte secrets by version (`[A-Za-z0-9_-]+`). `current` seals; every key that is present still opens its own. */
export type TokenKeys = { readonly current: string; readonly keys: ReadonlyMap<string, Uint8Array> };

/** Port: short texts that nobody without the keys can read, make or change. */
export interface Sealer {
  /** Fit for a URL as it is, and never the same twice. Opens only in the same context. */
  seal(context: string, text: string): string;
  /** undefined for anything that was not sealed with one of these keys in this context. Says nothing about age. */
  open(context: string, sealed: string): string | undefined;
}

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
const longestSealed = 2048;

/** @throws when the current key is missing, a key has not 32 bytes or a version is not fit for a URL */
export function createSealer({ current, keys }: TokenKeys): Sealer {
  const currentKey = keys.get(current);
  if (!currentKey) throw new Error(`no connection token key has the current version ${current}`);
  for (const [version, key] of keys) {
    if (!/^[\w-]{1,32}$/.test(version)) throw new Error('a key version must be 1–32 letters, digits, - or _');
    if (key.length !== 32) throw new Error(`connection token key ${version} must have 32 bytes, got ${key.length}`);
  }
  return {
    seal(context, text) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, currentKey, iv).setAAD(boundTo(current, context));
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${current}.${sealed.toString('base64url')}`;
    },

    open(context, sealed) {
      const dot = sealed.indexOf('.');
      const version = sealed.slice(0, Math.max(dot, 0));
      const key = keys.get(version);
      if (!key || sealed.length > longestSealed) return undefined;
      const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
      if (bytes.length < ivBytes + tagBytes) return undefined;
      try {
        const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
        decipher.setAAD(boundTo(version, context)).setAuthTag(bytes.subarray(-tagBytes));
        return decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

const boundTo = (version: string, context: string) => Buffer.from(`${version}\n${context}`);
