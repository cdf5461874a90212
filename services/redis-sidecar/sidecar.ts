import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateKeys } from '#shared/contract/secrets.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { RedisServer } from './redis-server.ts';

export type RedisSidecarOptions = {
  readonly server: RedisServer;
  readonly tlsFolder: string;
  readonly passwordFile: string;
  readonly checkEveryMs: number;
  readonly clock: Clock;
  readonly log: Logger;
};

/**
 * Has this pod's Redis serve the certificate that lies in its Secret: it reads its files at its start, and when it is told.
 * What is served is asked, not remembered, so that a Redis that was restarted, or told in vain, is no different.
 */
export class RedisSidecar {
  readonly #options: RedisSidecarOptions;
  #told = '';
  #timer: Timer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: RedisSidecarOptions) {
    this.#options = options;
  }

  /** Does not wait for Redis, which starts later. */
  start(): void {
    if (!this.#stopped) this.#turn = this.#lookAndGoOn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#turn;
  }

  async #lookAndGoOn(): Promise<void> {
    const { checkEveryMs, clock, log } = this.#options;
    try {
      await this.#look();
      this.#told = '';
    } catch (error) {
      // Not the error itself: the client's carry the command, AUTH included.
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#told) log.warn({ reason }, 'waiting');
      this.#told = reason;
    }
    if (!this.#stopped) this.#timer = clock.after(checkEveryMs, () => this.start());
  }

  async #look(): Promise<void> {
    const { server, tlsFolder, passwordFile, log } = this.#options;
    const wanted = new X509Certificate(await readFile(join(tlsFolder, certificateKeys.certificate)));
    if ((await server.served()).fingerprint256 === wanted.fingerprint256) return;
    await server.loadCertificates(tlsFolder, await readFile(passwordFile, 'utf8'));
    // The Secret may have changed again meanwhile: then the next look sees it.
    const { fingerprint256, validToDate } = await server.served();
    if (fingerprint256 === wanted.fingerprint256)
      log.info({ validTo: validToDate }, 'Redis serves the certificate of the Secret');
  }
}
