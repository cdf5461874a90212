import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** 32-byte secrets by version (`[A-Za-z0-9_-]+`). New tokens use `current`; every key that is present still opens its own. */
export type TokenKeys = { readonly current: string; readonly keys: ReadonlyMap<string, Uint8Array> };

export type Worker = {
  /** Unique among all workers and restarts. */
  readonly id: string;
  /** Where other workers reach it. */
  readonly address: string;
};

export type ConnectionToken = {
  /** The public connection id. */
  readonly connectionId: string;
  readonly worker: Worker;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  /** Of the identity that negotiated. */
  readonly identityHash: string;
};

/** Port: the secret connection token, which says all that a negotiate decided, so that no worker has to remember it. */
export interface ConnectionTokens {
  /** Fit for a URL as it is. Opens only on the same hub path. */
  seal(hubPath: string, token: ConnectionToken): string;
  /** undefined for anything that no worker with these keys sealed for this hub. Says nothing about age. */
  open(hubPath: string, sealed: string): ConnectionToken | undefined;
}

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
const longestToken = 2048;

/** @throws when the current key is missing, a key has not 32 bytes or a version is not fit for a URL */
export function createConnectionTokens({ current, keys }: TokenKeys): ConnectionTokens {
  const currentKey = keys.get(current);
  if (!currentKey) throw new Error(`no connection token key has the current version ${current}`);
  for (const [version, key] of keys) {
    if (!/^[\w-]{1,32}$/.test(version)) throw new Error('a key version must be 1–32 letters, digits, - or _');
    if (key.length !== 32) throw new Error(`connection token key ${version} must have 32 bytes, got ${key.length}`);
  }
  return {
    seal(hubPath, token) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, currentKey, iv).setAAD(boundTo(current, hubPath));
      const { connectionId, worker, issuedAt, identityHash } = token;
      const text = JSON.stringify([connectionId, worker.id, worker.address, issuedAt, identityHash]);
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${current}.${sealed.toString('base64url')}`;
    },

    open(hubPath, sealed) {
      const dot = sealed.indexOf('.');
      const version = sealed.slice(0, Math.max(dot, 0));
      const key = keys.get(version);
      if (!key || sealed.length > longestToken) return undefined;
      const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
      if (bytes.length < ivBytes + tagBytes) return undefined;
      try {
        const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
        decipher.setAAD(boundTo(version, hubPath)).setAuthTag(bytes.subarray(-tagBytes));
        const text = decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
        return parse(text);
      } catch {
        return undefined;
      }
    },
  };
}

/** 16 random bytes, as ASP.NET's. */
export const newConnectionId = (): string => randomBytes(16).toString('base64url');

export const hashIdentity = (key: string): string =>
  createHash('sha256').update(key).digest().subarray(0, 16).toString('base64url');

const boundTo = (version: string, hubPath: string) => Buffer.from(`${version}\n${hubPath}`);

/** Sealed by a worker, but perhaps by one of another release. */
function parse(text: string): ConnectionToken | undefined {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return undefined;
  const [connectionId, id, address, issuedAt, identityHash] = value as readonly unknown[];
  const filled = typeof connectionId === 'string' && typeof id === 'string' && typeof address === 'string';
  if (!filled || typeof issuedAt !== 'number' || typeof identityHash !== 'string') return undefined;
  return { connectionId, worker: { id, address }, issuedAt, identityHash };
}
