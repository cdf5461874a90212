/** See `openSqlite`: steps are never edited once released, only added. */
export const sqliteSchema = [
  `
  CREATE TABLE chat_conversations (
    Id TEXT NOT NULL UNIQUE,
    Type INTEGER NOT NULL,
    Name TEXT,
    PairKey TEXT NOT NULL UNIQUE,
    CreatedAt INTEGER NOT NULL,
    HeadSeq INTEGER NOT NULL,
    HeadNumber INTEGER NOT NULL,
    Members INTEGER NOT NULL,
    MemberCount INTEGER NOT NULL,
    Large INTEGER NOT NULL,
    LastMessageNumber INTEGER NOT NULL,
    LastMessageSenderId TEXT NOT NULL,
    LastMessageContent TEXT NOT NULL,
    LastMessageType INTEGER NOT NULL,
    LastMessageAt INTEGER NOT NULL,
    ChangedAt INTEGER NOT NULL,
    Floor INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE chat_members (
    ConversationId TEXT NOT NULL,
    UserId TEXT NOT NULL,
    Present INTEGER NOT NULL,
    Role INTEGER NOT NULL,
    JoinedAt INTEGER NOT NULL,
    ReadThrough INTEGER NOT NULL,
    ChangedAt INTEGER NOT NULL,
    PRIMARY KEY (ConversationId, UserId)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chat_members_list ON chat_members (ConversationId, JoinedAt, UserId) WHERE Present = 1;
  CREATE INDEX chat_members_rank ON chat_members (ConversationId, Role DESC, JoinedAt, UserId) WHERE Present = 1;
  CREATE INDEX chat_members_user ON chat_members (UserId, Present, ChangedAt, ConversationId);
  CREATE TABLE chat_message_rows (
    Id TEXT NOT NULL UNIQUE,
    ConversationId TEXT NOT NULL,
    SenderId TEXT NOT NULL,
    Type INTEGER NOT NULL,
    Content TEXT NOT NULL,
    System TEXT NOT NULL,
    ClientMessageId TEXT,
    SendKey TEXT NOT NULL UNIQUE,
    BodyHash TEXT NOT NULL,
    Deleted INTEGER NOT NULL,
    CreatedAt INTEGER NOT NULL,
    EditedAt INTEGER,
    UpdatedAt INTEGER NOT NULL,
    Seq INTEGER NOT NULL,
    Number INTEGER NOT NULL,
    HeadNumber INTEGER NOT NULL,
    Members INTEGER NOT NULL,
    MemberCount INTEGER NOT NULL,
    Large INTEGER NOT NULL,
    PendingSince INTEGER NOT NULL,
    LeaseUntil INTEGER NOT NULL,
    Unsent INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX chat_message_rows_seq ON chat_message_rows (ConversationId, Seq);
  CREATE UNIQUE INDEX chat_message_rows_number ON chat_message_rows (ConversationId, Number);
  CREATE INDEX chat_message_rows_list ON chat_message_rows (ConversationId, Number) WHERE Deleted = 0;
  CREATE INDEX chat_message_rows_pending ON chat_message_rows (PendingSince, Seq) WHERE PendingSince > 0;
  CREATE INDEX chat_message_rows_tombstones ON chat_message_rows (UpdatedAt) WHERE Deleted = 1;
  CREATE TABLE chat_meta (Name TEXT NOT NULL PRIMARY KEY, Value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
];
