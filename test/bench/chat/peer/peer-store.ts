import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { databases } from '#shared/contract/names.ts';
import { openSqlite } from '#shared/store/sqlite-open.ts';

export type PeerMessage = {
  readonly id: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly content: string;
  readonly type: number;
  readonly createdAt: string;
  readonly clientMessageId: string | null;
};

export interface PeerStore extends AsyncDisposable {
  create(id: string, members: readonly string[]): Promise<void>;
  conversationsOf(user: string): Promise<string[]>;
  isMember(conversation: string, user: string): Promise<boolean>;
  /** One insert for each message. */
  insert(message: PeerMessage): Promise<void>;
}

const schema = `
  CREATE TABLE members (ConversationId TEXT NOT NULL, UserId TEXT NOT NULL, PRIMARY KEY (ConversationId, UserId)) STRICT, WITHOUT ROWID;
  CREATE INDEX members_user ON members (UserId);
  CREATE TABLE messages (
    Id TEXT NOT NULL PRIMARY KEY, ConversationId TEXT NOT NULL, SenderId TEXT NOT NULL, Content TEXT NOT NULL,
    Type INTEGER NOT NULL, CreatedAt TEXT NOT NULL, ClientMessageId TEXT
  ) STRICT;
  CREATE INDEX messages_list ON messages (ConversationId, CreatedAt);
`;

/** With the settings of our own files: WAL, `synchronous = NORMAL`, the same cache and log. */
export function sqlitePeerStore(folder: string): PeerStore {
  const database = openSqlite(join(folder, 'peer.sqlite'), [schema]);
  const addMember = database.prepare('INSERT INTO members VALUES (?, ?)');
  const ofUser = database.prepare('SELECT ConversationId FROM members WHERE UserId = ?');
  const member = database.prepare('SELECT 1 FROM members WHERE ConversationId = ? AND UserId = ?');
  const add = database.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)');
  return {
    async create(id, members) {
      for (const user of members) addMember.run(id, user);
    },
    conversationsOf: async (user) => ofUser.all(user).map((row) => String(row['ConversationId'])),
    isMember: async (conversation, user) => member.get(conversation, user) !== undefined,
    async insert({ id, conversationId, senderId, content, type, createdAt, clientMessageId }) {
      add.run(id, conversationId, senderId, content, type, createdAt, clientMessageId);
    },
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

/** Majority, in the journal, as our own store writes. */
export async function mongoPeerStore(url: string): Promise<PeerStore> {
  const client = await MongoClient.connect(url, { writeConcern: { w: 'majority', journal: true } });
  const database = client.db(`${databases.chat}_peer`);
  const members = database.collection<{ conversationId: string; userId: string }>('members');
  const messages = database.collection<Omit<PeerMessage, 'id'> & { _id: string }>('messages');
  await members.createIndex({ conversationId: 1, userId: 1 }, { unique: true });
  await members.createIndex({ userId: 1 });
  await messages.createIndex({ conversationId: 1, createdAt: 1 });
  return {
    async create(conversationId, users) {
      await members.insertMany(users.map((userId) => ({ conversationId, userId })));
    },
    async conversationsOf(userId) {
      return (await members.find({ userId }).toArray()).map(({ conversationId }) => conversationId);
    },
    isMember: async (conversationId, userId) => (await members.findOne({ conversationId, userId })) !== null,
    async insert({ id, ...message }) {
      await messages.insertOne({ _id: id, ...message });
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

export function newId(): string {
  return randomUUID();
}

/** By `MONGODB_URL`, else `DATA_DIR`. */
export async function openPeerStore(env: NodeJS.ProcessEnv): Promise<PeerStore> {
  const { MONGODB_URL, DATA_DIR = '' } = env;
  return MONGODB_URL ? await mongoPeerStore(MONGODB_URL) : sqlitePeerStore(DATA_DIR);
}
