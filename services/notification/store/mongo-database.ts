import type { Collection, Db, Document } from 'mongodb';
import { collections } from '#shared/contract/names.ts';
import { MongoConnection, type MongoConnectionOptions } from '#shared/store/mongo-connection.ts';
import { emptyHead, type Head } from '#shared/stream/feed.ts';
import { ensureIndexes } from './mongo-indexes.ts';
import type { RowDocument } from './mongo-rows.ts';

export type StreamDocument = { readonly _id: string; readonly Floor: number };
export type MetaDocument = { readonly _id: string; readonly Value: string };

export type MongoDatabaseOptions = Pick<MongoConnectionOptions, 'url' | 'database' | 'patienceMs' | 'log'>;

const headElements = { Seq: 1, HeadNumber: 1 };

/** Our collections. */
export class MongoDatabase extends MongoConnection {
  readonly rows: Collection<RowDocument>;
  readonly streams: Collection<StreamDocument>;
  readonly meta: Collection<MetaDocument>;
  /** Only ever read. */
  readonly sonixyNotifications: Collection<Document>;

  /** Connects in the background. @throws StartError when the URL cannot be read */
  constructor(options: MongoDatabaseOptions) {
    super({ ...options, appName: 'sonixy-notification', ensureIndexes: (db: Db) => ensureIndexes(db) });
    this.rows = this.db.collection(collections.notificationRows);
    this.streams = this.db.collection(collections.notificationStreams);
    this.meta = this.db.collection(collections.notificationMeta);
    this.sonixyNotifications = this.db.collection(collections.sonixyNotifications);
  }

  /** As writers and readers need it: they plan from it, and the unique keys tell them when it was old. */
  async head(recipient: string): Promise<Head> {
    const row = await this.rows.findOne({ RecipientId: recipient }, { sort: { Seq: -1 }, projection: headElements });
    return row ? { seq: row.Seq, number: row.HeadNumber } : emptyHead;
  }

  /** The stream's mark of read; 0 without one. */
  async readThrough(recipient: string): Promise<number> {
    const filter = { RecipientId: recipient, Number: 0 };
    return (await this.rows.findOne(filter, { projection: { ReadThrough: 1 } }))?.ReadThrough ?? 0;
  }
}
