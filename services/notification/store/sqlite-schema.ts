/** See `openSqlite`: steps are never edited once released, only added. */
export const sqliteSchema = [
  `
  CREATE TABLE notification_rows (
    Id TEXT NOT NULL UNIQUE,
    RecipientId TEXT NOT NULL,
    MessageId TEXT NOT NULL UNIQUE,
    ActorId TEXT NOT NULL,
    ActorName TEXT NOT NULL,
    ActorAvatar TEXT NOT NULL,
    EntityId TEXT NOT NULL,
    EntityType INTEGER NOT NULL,
    Type INTEGER NOT NULL,
    Status INTEGER NOT NULL,
    Archived INTEGER NOT NULL,
    Deleted INTEGER NOT NULL,
    ReadThrough INTEGER NOT NULL,
    CreatedAt INTEGER NOT NULL,
    UpdatedAt INTEGER NOT NULL,
    Seq INTEGER NOT NULL,
    Number INTEGER NOT NULL,
    HeadNumber INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX notification_rows_seq ON notification_rows (RecipientId, Seq);
  CREATE UNIQUE INDEX notification_rows_number ON notification_rows (RecipientId, Number);
  CREATE INDEX notification_rows_list ON notification_rows (RecipientId, Deleted, Archived, Number);
  CREATE INDEX notification_rows_unread ON notification_rows (RecipientId, Number)
    WHERE Status = 0 AND Archived = 0 AND Deleted = 0;
  CREATE INDEX notification_rows_tombstones ON notification_rows (UpdatedAt) WHERE Deleted = 1;
  CREATE TABLE notification_streams (RecipientId TEXT NOT NULL PRIMARY KEY, Floor INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE notification_meta (Name TEXT NOT NULL PRIMARY KEY, Value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
];
