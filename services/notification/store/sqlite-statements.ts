/** Every statement of the adapter, apart from those of the schema. Each finds its rows by an index, without a sort. */
export const sqliteStatements = {
  head: 'SELECT Seq, HeadNumber FROM notification_rows WHERE RecipientId = ? ORDER BY Seq DESC LIMIT 1',
  rowOfMessage: 'SELECT * FROM notification_rows WHERE MessageId = ?',
  rowOfId: 'SELECT * FROM notification_rows WHERE Id = ? AND RecipientId = ?',
  mark: 'SELECT * FROM notification_rows WHERE RecipientId = ? AND Number = 0',
  readThrough: 'SELECT ReadThrough FROM notification_rows WHERE RecipientId = ? AND Number = 0',
  insert: `
    INSERT INTO notification_rows (
      Id, RecipientId, MessageId, ActorId, ActorName, ActorAvatar, EntityId, EntityType, Type,
      Status, Archived, Deleted, ReadThrough, CreatedAt, UpdatedAt, Seq, Number, HeadNumber
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (MessageId) DO NOTHING`,
  update: `
    UPDATE notification_rows
    SET ActorId = ?, ActorName = ?, ActorAvatar = ?, EntityId = ?, EntityType = ?, Type = ?, Status = ?,
      Archived = ?, Deleted = ?, ReadThrough = ?, UpdatedAt = ?, Seq = ?, HeadNumber = ?
    WHERE Id = ?`,
  list: `
    SELECT * FROM notification_rows
    WHERE RecipientId = ? AND Deleted = 0 AND Archived = ? AND Number > 0
    ORDER BY Number DESC LIMIT ? OFFSET ?`,
  countUnread: `
    SELECT count(*) AS Count FROM (
      SELECT 1 FROM notification_rows
      WHERE RecipientId = ? AND Status = 0 AND Archived = 0 AND Deleted = 0 AND Number > ? LIMIT ?
    )`,
  changes: 'SELECT * FROM notification_rows WHERE RecipientId = ? AND Seq > ? ORDER BY Seq LIMIT ?',
  floor: 'SELECT Floor FROM notification_streams WHERE RecipientId = ?',
  raiseFloor: `
    INSERT INTO notification_streams (RecipientId, Floor) VALUES (?, ?)
    ON CONFLICT (RecipientId) DO UPDATE SET Floor = max(Floor, excluded.Floor)`,
  oldTombstones: `
    SELECT Id, RecipientId, Seq FROM notification_rows AS tombstone
    WHERE Deleted = 1 AND UpdatedAt < ? AND EXISTS (
      SELECT 1 FROM notification_rows AS newer
      WHERE newer.RecipientId = tombstone.RecipientId AND newer.Seq > tombstone.Seq
    ) LIMIT ?`,
  remove: 'DELETE FROM notification_rows WHERE Id = ?',
  meta: 'SELECT Value FROM notification_meta WHERE Name = ?',
  setMeta: `
    INSERT INTO notification_meta (Name, Value) VALUES (?, ?)
    ON CONFLICT (Name) DO UPDATE SET Value = excluded.Value`,
} as const;
