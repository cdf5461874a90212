import type { Collection, Document } from 'mongodb';
import { collections } from '#shared/contract/names.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { MongoConnection } from '#shared/store/mongo-connection.ts';
import type { ConversationDocument, MemberDocument, MetaDocument, RowDocument } from './mongo-documents.ts';
import { ensureIndexes } from './mongo-indexes.ts';

export type MongoDatabaseOptions = { readonly url: string; readonly database: string; readonly log: Logger };

/** Our collections. */
export class MongoDatabase extends MongoConnection {
  readonly conversations: Collection<ConversationDocument>;
  readonly members: Collection<MemberDocument>;
  readonly rows: Collection<RowDocument>;
  readonly meta: Collection<MetaDocument>;
  /** Sonixy's own: only ever read. */
  readonly sonixyConversations: Collection<Document>;
  readonly sonixyMessages: Collection<Document>;
  readonly sonixyParticipants: Collection<Document>;

  /** Connects in the background. @throws StartError when the URL cannot be read */
  constructor(options: MongoDatabaseOptions) {
    super({ ...options, appName: 'sonixy-chat', ensureIndexes });
    this.conversations = this.db.collection(collections.chatConversations);
    this.members = this.db.collection(collections.chatMembers);
    this.rows = this.db.collection(collections.chatMessages);
    this.meta = this.db.collection(collections.chatMeta);
    this.sonixyConversations = this.db.collection(collections.sonixyConversations);
    this.sonixyMessages = this.db.collection(collections.sonixyMessages);
    this.sonixyParticipants = this.db.collection(collections.sonixyParticipants);
  }

  /** Milliseconds since 1970 by the server's clock, which also sets every `ChangedAt`. */
  async now(): Promise<number> {
    const { localTime } = await this.db.command({ hello: 1 });
    return (localTime as Date).getTime();
  }
}
