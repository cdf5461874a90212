import { createHash, randomBytes } from 'node:crypto';
import type { Sealer } from './sealer.ts';

export type Worker = {
  /** Unique among all workers and restarts. */
  readonly id: string;
  /** Where other workers reach it. undefined: they don't. */
  readonly address: string | undefined;
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

export function createConnectionTokens(sealer: Sealer): ConnectionTokens {
  return {
    seal(hubPath, { connectionId, worker, issuedAt, identityHash }) {
      const text = JSON.stringify([connectionId, worker.id, worker.address ?? '', issuedAt, identityHash]);
      return sealer.seal(hubPath, text);
    },
    open(hubPath, sealed) {
      const text = sealer.open(hubPath, sealed);
      try {
        return text === undefined ? undefined : parse(text);
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

/** Sealed by a worker, but perhaps by one of another release. */
function parse(text: string): ConnectionToken | undefined {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return undefined;
  const [connectionId, id, address, issuedAt, identityHash] = value as readonly unknown[];
  const filled = typeof connectionId === 'string' && typeof id === 'string' && typeof address === 'string';
  if (!filled || typeof issuedAt !== 'number' || typeof identityHash !== 'string') return undefined;
  return { connectionId, worker: { id, address: address || undefined }, issuedAt, identityHash };
}
