import type { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { certificateKeys } from '#shared/contract/secrets.ts';
import { peerCertificate } from '#shared/runtime/peer-certificate.ts';

const timeoutMs = 5_000;

/** The Redis in this pod. It is not verified: nobody else is on this localhost, and one whose certificate has run out must be told, too. */
export class RedisServer {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** What new connections are shown. */
  served(): Promise<X509Certificate> {
    return peerCertificate({ host: 'localhost', port: this.#port }, timeoutMs);
  }

  /**
   * Reads certificate, key and authorities of the folder, all or none of them; connections that are open keep what they
   * began with. Throws what Redis says, as when certificate and key do not belong together.
   */
  async loadCertificates(folder: string, password: string): Promise<void> {
    const client = new Redis({
      ...{ host: 'localhost', port: this.#port, username: 'sidecar', password },
      tls: { rejectUnauthorized: false },
      connectionName: 'redis-sidecar',
      lazyConnect: true,
      // It may do one thing.
      enableReadyCheck: false,
      retryStrategy: () => null,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
    });
    // Whoever waits for the command hears of it.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.call(
        ...(['CONFIG', 'SET'] as const),
        ...['tls-cert-file', join(folder, certificateKeys.certificate)],
        ...['tls-key-file', join(folder, certificateKeys.privateKey)],
        ...['tls-ca-cert-file', join(folder, certificateKeys.trusted)],
      );
    } finally {
      client.disconnect();
    }
  }
}
