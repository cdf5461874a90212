const conversation = `
  Id, Type, Name, PairKey, CreatedAt, HeadSeq, HeadNumber, Members, MemberCount, Large,
  LastMessageNumber, LastMessageSenderId, LastMessageContent, LastMessageType, LastMessageAt, ChangedAt`;
const member = 'ConversationId, UserId, Present, Role, JoinedAt, ReadThrough, ChangedAt';
const row = `
  Id, ConversationId, SenderId, Type, Content, System, ClientMessageId, SendKey, BodyHash, Deleted, CreatedAt, EditedAt,
  UpdatedAt, Seq, Number, HeadNumber, Members, MemberCount, Large, PendingSince, LeaseUntil, Unsent`;

const parameters = (names: string) => names.replace(/\w+/g, ':$&');

/** Every statement of the adapter, apart from those of the schema. Each finds its rows by an index, without a sort. */
export const sqliteStatements = {
  conversation: `SELECT ${conversation} FROM chat_conversations WHERE Id = :Id`,
  conversationOfPair: `SELECT ${conversation} FROM chat_conversations WHERE PairKey = :PairKey`,
  addConversation: `INSERT INTO chat_conversations (${conversation}) VALUES (${parameters(conversation)})`,
  setName: 'UPDATE chat_conversations SET Name = :Name WHERE Id = :Id',
  setHead: `
    UPDATE chat_conversations
    SET HeadSeq = :HeadSeq, HeadNumber = :HeadNumber, Members = :Members, MemberCount = :MemberCount, Large = :Large,
      LastMessageNumber = :LastMessageNumber, LastMessageSenderId = :LastMessageSenderId,
      LastMessageContent = :LastMessageContent, LastMessageType = :LastMessageType, LastMessageAt = :LastMessageAt,
      ChangedAt = :ChangedAt
    WHERE Id = :Id`,
  floor: 'SELECT Floor FROM chat_conversations WHERE Id = :Id',
  raiseFloor: 'UPDATE chat_conversations SET Floor = max(Floor, :Floor) WHERE Id = :Id',

  member: `SELECT ${member} FROM chat_members WHERE ConversationId = :ConversationId AND UserId = :UserId`,
  putMember: `
    INSERT INTO chat_members (${member}) VALUES (${parameters(member)})
    ON CONFLICT (ConversationId, UserId) DO UPDATE
    SET Present = excluded.Present, Role = excluded.Role, JoinedAt = excluded.JoinedAt,
      ReadThrough = excluded.ReadThrough, ChangedAt = excluded.ChangedAt`,
  members: `
    SELECT ${member} FROM chat_members
    WHERE ConversationId = :ConversationId AND Present = 1 AND (JoinedAt, UserId) > (:JoinedAt, :UserId)
    ORDER BY JoinedAt, UserId LIMIT :Limit`,
  highestInRank: `
    SELECT ${member} FROM chat_members
    WHERE ConversationId = :ConversationId AND Present = 1 ORDER BY Role DESC, JoinedAt, UserId LIMIT 1`,
  // CROSS JOIN keeps the order: first the user's places, then their conversations.
  placesOfUser: `
    SELECT place.ConversationId, max(place.ChangedAt, conversation.ChangedAt) AS ChangedAt, conversation.LastMessageAt,
      conversation.Members, conversation.Large
    FROM chat_members AS place CROSS JOIN chat_conversations AS conversation ON conversation.Id = place.ConversationId
    WHERE place.UserId = :UserId AND place.Present = 1`,
  placesSince: `
    SELECT ConversationId, Present FROM chat_members
    WHERE UserId = :UserId AND Present IN (0, 1) AND ChangedAt >= :Since`,
  leftByUser: `
    SELECT ConversationId, ChangedAt FROM chat_members
    WHERE UserId = :UserId AND Present = 0 AND (ChangedAt, ConversationId) > (:ChangedAt, :ConversationId)
    ORDER BY ChangedAt, ConversationId LIMIT :Limit`,

  row: `SELECT ${row} FROM chat_message_rows WHERE Id = :Id`,
  rowOfKey: `SELECT ${row} FROM chat_message_rows WHERE SendKey = :SendKey`,
  rowOfNumber: `SELECT ${row} FROM chat_message_rows WHERE ConversationId = :ConversationId AND Number = :Number`,
  addRow: `INSERT INTO chat_message_rows (${row}) VALUES (${parameters(row)})`,
  moveRow: `
    UPDATE chat_message_rows
    SET Content = :Content, System = :System, Deleted = :Deleted, EditedAt = :EditedAt, UpdatedAt = :UpdatedAt,
      Seq = :Seq, HeadNumber = :HeadNumber, Members = :Members, MemberCount = :MemberCount, Large = :Large,
      PendingSince = :PendingSince, LeaseUntil = :LeaseUntil, Unsent = :Unsent
    WHERE Id = :Id`,
  list: `
    SELECT ${row} FROM chat_message_rows
    WHERE ConversationId = :ConversationId AND Deleted = 0 AND Number < :Before ORDER BY Number DESC LIMIT :Limit`,
  changes: `
    SELECT ${row} FROM chat_message_rows
    WHERE ConversationId = :ConversationId AND Seq > :After ORDER BY Seq LIMIT :Limit`,
  pending: `
    SELECT ${row} FROM chat_message_rows
    WHERE PendingSince > 0 AND PendingSince < :Since AND LeaseUntil <= :Now ORDER BY PendingSince, Seq LIMIT :Limit`,
  lease: 'UPDATE chat_message_rows SET LeaseUntil = :LeaseUntil WHERE Id = :Id',
  published: `
    UPDATE chat_message_rows SET PendingSince = 0, LeaseUntil = 0, Unsent = 0 WHERE Id = :Id AND Seq = :Seq`,
  // A pair that is opened again is answered with its first row.
  oldTombstones: `
    SELECT Id, ConversationId, Seq FROM chat_message_rows AS tombstone
    WHERE Deleted = 1 AND UpdatedAt < :DeletedBefore AND Number > 1 AND PendingSince = 0 AND EXISTS (
      SELECT 1 FROM chat_message_rows AS newer
      WHERE newer.ConversationId = tombstone.ConversationId AND newer.Seq > tombstone.Seq
    ) LIMIT :Limit`,
  removeRow: 'DELETE FROM chat_message_rows WHERE Id = :Id',

  meta: 'SELECT Value FROM chat_meta WHERE Name = :Name',
  setMeta: `
    INSERT INTO chat_meta (Name, Value) VALUES (:Name, :Value) ON CONFLICT (Name) DO UPDATE SET Value = excluded.Value`,
} as const;
