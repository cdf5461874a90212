import type { Collection, Db, IndexDescription } from 'mongodb';
import { collections } from '#shared/contract/names.ts';
import {
  type Revocation,
  type RevocationsPage,
  type RevokedSubject,
  revocationKey,
} from '#shared/contract/revocation.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { MongoConnection, type MongoConnectionOptions } from '#shared/store/mongo-connection.ts';
import { tooManyRevocations, toRevocationsPage } from './revocation-rows.ts';
import {
  defaultRevocationStoreLimits,
  keepRevocationsMs,
  type RevocationStore,
  type RevocationStoreLimits,
} from './revocation-store.ts';

export type MongoRevocationStoreOptions = Pick<MongoConnectionOptions, 'url' | 'database' | 'patienceMs' | 'log'> & {
  readonly clock: Clock;
  readonly limits?: Partial<RevocationStoreLimits>;
};

/** `_id`: the `revocationKey`. */
type RevocationDocument = { readonly _id: string; readonly Until: Date };

export const revocationIndexes: readonly IndexDescription[] = [{ name: 'revocations_until', key: { Until: 1 } }];

/**
 * RevocationStore on MongoDB, w:majority with journal. Returns at once and connects in the background.
 *
 * @throws StartError when the URL cannot be read
 */
export function connectMongoRevocationStore(options: MongoRevocationStoreOptions): RevocationStore {
  return new MongoRevocationStore(options);
}

class MongoRevocationStore implements RevocationStore {
  readonly #connection: MongoConnection;
  readonly #collection: Collection<RevocationDocument>;
  readonly #clock: Clock;
  readonly #limits: RevocationStoreLimits;

  constructor({ clock, limits, ...options }: MongoRevocationStoreOptions) {
    const ensureIndexes = async (db: Db) => {
      await db.collection(collections.revocations).createIndexes([...revocationIndexes]);
    };
    this.#connection = new MongoConnection({ ...options, appName: 'sonixy-revocations', ensureIndexes });
    this.#collection = this.#connection.db.collection(collections.revocations);
    this.#clock = clock;
    this.#limits = { ...defaultRevocationStoreLimits, ...limits };
  }

  revoke(revocation: Revocation): Promise<Revocation> {
    const _id = revocationKey(revocation);
    return this.#connection.attempt(async () => {
      await this.#collection.deleteMany({ Until: { $lt: new Date(this.#clock.now() - keepRevocationsMs) } });
      await this.#requireRoom(_id);
      const stored = await this.#collection.findOneAndUpdate(
        { _id },
        { $max: { Until: new Date(revocation.until) } },
        { upsert: true, returnDocument: 'after' },
      );
      return { ...revocation, until: stored?.Until.getTime() ?? revocation.until };
    });
  }

  lift(subject: RevokedSubject): Promise<boolean> {
    return this.#connection.attempt(async ({ uncertain }) => {
      const lifted = await this.#collection.findOneAndDelete({ _id: revocationKey(subject) });
      // After a lost answer it may have been lifted by this very call.
      return lifted ? lifted.Until.getTime() > this.#clock.now() : uncertain;
    });
  }

  inForce(after = ''): Promise<RevocationsPage> {
    const { pageSize } = this.#limits;
    return this.#connection.attempt(async () => {
      const found = await this.#collection
        .find({ _id: { $gt: after }, Until: { $gt: new Date(this.#clock.now()) } })
        .sort({ _id: 1 })
        .limit(pageSize + 1)
        .batchSize(pageSize + 1)
        .toArray();
      const rows = found.map(({ _id, Until }) => ({ Key: _id, Until: Until.getTime() }));
      return toRevocationsPage(rows, pageSize);
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #requireRoom(_id: string): Promise<void> {
    const inForce = { Until: { $gt: new Date(this.#clock.now()) } };
    const { max } = this.#limits;
    if ((await this.#collection.countDocuments(inForce, { limit: max })) < max) return;
    if (!(await this.#collection.findOne({ _id }))) throw tooManyRevocations(max);
  }
}
