import { type Document, ObjectId } from 'mongodb';
import { conversationTypes, messageTypes } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { isUserId } from '#shared/contract/ids.ts';
import { newObjectId } from '#shared/store/object-id.ts';
import { beginning, type ConversationDocument } from './mongo-documents.ts';
import { ownerRole } from './stored-conversation.ts';
import { type Draft, draftOf } from './stored-message.ts';

export type SonixyDocument = Document & { readonly _id: ObjectId };

export type SonixyParticipant = {
  readonly conversationId: string;
  readonly userId: UserId;
  readonly joinedAt: Date;
  readonly lastRead: string | undefined;
};

/** undefined for what is not as Sonixy writes it. */
export function parseParticipant(document: SonixyDocument): SonixyParticipant | undefined {
  const { UserId: userId, ConversationId, JoinedAt, LastReadMessageId } = document;
  const conversationId = idOf(ConversationId);
  if (!isUserId(userId) || conversationId === undefined) return undefined;
  return { conversationId, userId, joinedAt: dateOf(JoinedAt, document._id), lastRead: idOf(LastReadMessageId) };
}

/** Under its own id, with its first row still to be made. undefined: a pair that is not two, or a group of nobody. */
export function parseConversation(
  document: SonixyDocument,
  participants: readonly SonixyParticipant[],
): ConversationDocument | undefined {
  const type = conversationTypes[Number(document['Type'])];
  const people = [...new Map(participants.map((one) => [one.userId, one])).values()];
  const [creator, ...others] = people.toSorted((a, b) => a.joinedAt.getTime() - b.joinedAt.getTime());
  if (!type || !creator || (type === 'private' && others.length !== 1)) return undefined;
  const id = document._id.toHexString();
  const now = dateOf(document['CreatedAt'], document._id).getTime();
  const name = typeof document['Name'] === 'string' ? document['Name'] : null;
  const conversation = { type, creator: creator.userId, others: others.map(({ userId }) => userId), name };
  const begun = beginning(conversation, { id, rowId: newObjectId(now), since: now, now });
  const joinedAt = new Map(people.map((one) => [one.userId as string, one.joinedAt]));
  return {
    ...begun,
    PendingPlaces: begun.PendingPlaces.map((place) => ({
      ...place,
      JoinedAt: joinedAt.get(place.UserId) ?? place.JoinedAt,
      ReadThrough: 1,
      Role: type === 'group' && place.UserId === creator.userId ? ownerRole : place.Role,
    })),
  };
}

/** Under its own id. */
export function parseMessage(document: SonixyDocument): Draft | undefined {
  const { SenderId, Content } = document;
  const conversationId = idOf(document['ConversationId']);
  const type = messageTypes[Number(document['Type'] ?? 0)];
  if (!isUserId(SenderId) || conversationId === undefined || typeof Content !== 'string' || !type) return undefined;
  const createdAt = dateOf(document['CreatedAt'], document._id).getTime();
  const message = {
    conversationId: conversationId as ConversationId,
    senderId: SenderId,
    content: Content,
    type,
    system: null,
    clientMessageId: null,
    bodyHash: '',
  };
  const id = document._id.toHexString();
  return { ...draftOf(message, createdAt), Id: id, SendKey: id };
}

/** Some of Sonixy's ids are ObjectIds in one collection and their text in another. */
function idOf(value: unknown): string | undefined {
  if (value instanceof ObjectId) return value.toHexString();
  return typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value) ? value.toLowerCase() : undefined;
}

function dateOf(value: unknown, id: ObjectId): Date {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value : id.getTimestamp();
}
