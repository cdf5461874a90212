import type { Backplane } from '#shared/backplane/backplane.ts';
import { revocationsChannel } from '#shared/contract/names.ts';
import {
  encodeRevocationFrame,
  type Revocation,
  type RevocationSource,
  type RevokedSubject,
  revocationKey,
} from '#shared/contract/revocation.ts';

/** What the notification service does with revocations, on a map. */
export class SimulatedRevocations implements RevocationSource {
  readonly #stored = new Map<string, Revocation>();
  readonly #backplane: Pick<Backplane, 'publish'>;

  constructor(backplane: Pick<Backplane, 'publish'>) {
    this.#backplane = backplane;
  }

  /** As while Redis is away. */
  store(revocation: Revocation): void {
    this.#stored.set(revocationKey(revocation), revocation);
  }

  async revoke(revocation: Revocation): Promise<void> {
    this.store(revocation);
    await this.#backplane.publish(revocationsChannel, encodeRevocationFrame(revocation));
  }

  async lift(subject: RevokedSubject): Promise<void> {
    this.#stored.delete(revocationKey(subject));
    await this.#backplane.publish(revocationsChannel, encodeRevocationFrame({ kind: 'lifted' }));
  }

  async inForce() {
    return { revocations: [...this.#stored.values()], next: null };
  }
}
