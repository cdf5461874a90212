import { type Document, ObjectId } from 'mongodb';
import type { MemberRole } from '#shared/contract/chat-dto.ts';
import type { NewConversation } from './chat-store.ts';
import {
  firstMembers,
  newConversationState,
  type StoredConversation,
  type StoredMember,
} from './stored-conversation.ts';
import type { StoredMessage } from './stored-message.ts';

/** A row of `chat_message_rows`. */
export type RowDocument = Omit<StoredMessage, 'Id' | 'ConversationId' | 'CreatedAt' | 'EditedAt' | 'UpdatedAt'> & {
  readonly _id: ObjectId;
  readonly ConversationId: ObjectId;
  readonly CreatedAt: Date;
  readonly EditedAt: Date | null;
  readonly UpdatedAt: Date;
  /** Every seq that the row has had, the present one last: see docs/decisions, "a Seq is taken once for ever". */
  readonly Trail: readonly number[];
};

/** A writer would have to sleep through so many changes of one row to land in a gap. */
const longestTrail = 1_000;

export function toRowDocument(row: StoredMessage): RowDocument {
  const { Id, ConversationId, CreatedAt, EditedAt, UpdatedAt, ...same } = row;
  return {
    _id: new ObjectId(Id),
    ConversationId: new ObjectId(ConversationId),
    ...same,
    CreatedAt: new Date(CreatedAt),
    EditedAt: EditedAt === null ? null : new Date(EditedAt),
    UpdatedAt: new Date(UpdatedAt),
    Trail: [row.Seq],
  };
}

export function toStoredMessage(document: RowDocument): StoredMessage {
  const { _id, ConversationId, CreatedAt, EditedAt, UpdatedAt, Trail: _, ...same } = document;
  return {
    Id: _id.toHexString(),
    ConversationId: ConversationId.toHexString(),
    ...same,
    CreatedAt: CreatedAt.getTime(),
    EditedAt: EditedAt?.getTime() ?? null,
    UpdatedAt: UpdatedAt.getTime(),
  };
}

/** The update that brings a row to the state and place of `next`. */
export function toMove(next: StoredMessage): Document {
  const document = toRowDocument(next);
  const { _id, ConversationId, SenderId, Type, ClientMessageId, SendKey, BodyHash, CreatedAt, Trail, ...rest } =
    document;
  const { Number: _, ...moving } = rest;
  return { $set: moving, $push: { Trail: { $each: Trail, $slice: -longestTrail } } };
}

/** A system row that is to be written: what it tells of has happened already. `RowId` empty: there is none. */
type Untold = {
  /** The row's own id, chosen before: whoever writes it, it is there once. */
  readonly PendingRowId: string;
  /** Milliseconds since 1970; 0: nothing is to be told. */
  readonly PendingSince: number;
  readonly PendingActorId: string;
};

/** One row tells of all places that are `added` under its id. */
export type PlaceAction = 'added' | 'removed' | 'left' | 'role';

/** A place of `chat_members`; it stays when its user has gone. */
export type MemberDocument = Omit<StoredMember, 'ConversationId' | 'JoinedAt' | 'ChangedAt'> &
  Untold & {
    /** Conversation and user. */
    readonly _id: string;
    readonly ConversationId: ObjectId;
    readonly JoinedAt: Date;
    readonly ChangedAt: Date;
    readonly PendingAction: PlaceAction | '';
    readonly PendingRole: MemberRole | '';
  };

export const nothingUntold = {
  PendingRowId: '',
  PendingSince: 0,
  PendingActorId: '',
  PendingAction: '',
  PendingRole: '',
} as const;

export function placeId(conversation: string, user: string): string {
  return `${conversation}:${user}`;
}

export function toStoredMember(document: MemberDocument): StoredMember {
  const { ConversationId, UserId, Present, Role, JoinedAt, ReadThrough, ChangedAt } = document;
  return {
    ConversationId: ConversationId.toHexString(),
    UserId,
    Present,
    Role,
    JoinedAt: JoinedAt.getTime(),
    ReadThrough,
    ChangedAt: ChangedAt.getTime(),
  };
}

/** A conversation of `chat_conversations`. `HeadSeq` 0: it is being made, and nobody sees it. */
export type ConversationDocument = Omit<StoredConversation, 'Id' | 'CreatedAt' | 'LastMessageAt' | 'ChangedAt'> &
  Untold & {
    readonly _id: ObjectId;
    readonly CreatedAt: Date;
    readonly LastMessageAt: Date;
    readonly ChangedAt: Date;
    /** Highest seq of what was purged. */
    readonly Floor: number;
    /** Who is in from the beginning, while it is being made. */
    readonly PendingPlaces: readonly FirstPlace[];
  };

/** A conversation whose places and first row are still to be made, from this document alone. */
export function beginning(
  conversation: NewConversation,
  { id, rowId, since, now }: { id: string; rowId: string; since: number; now: number },
): ConversationDocument {
  const { Id, CreatedAt, LastMessageAt, ChangedAt, ...state } = newConversationState(conversation, { id, now });
  const places = firstMembers(conversation, id, now);
  return {
    _id: new ObjectId(Id),
    ...state,
    CreatedAt: new Date(CreatedAt),
    LastMessageAt: new Date(LastMessageAt),
    ChangedAt: new Date(ChangedAt),
    Floor: 0,
    PendingRowId: rowId,
    PendingSince: since,
    PendingActorId: conversation.creator,
    PendingPlaces: places.map(({ UserId, Role, ReadThrough, JoinedAt }) => {
      return { UserId, Role, ReadThrough, JoinedAt: new Date(JoinedAt) };
    }),
  };
}

export type FirstPlace = Pick<MemberDocument, 'UserId' | 'Role' | 'ReadThrough' | 'JoinedAt'>;

export function toStoredConversation(document: ConversationDocument): StoredConversation {
  const { _id, CreatedAt, LastMessageAt, ChangedAt, ...same } = document;
  const { Floor: _, PendingRowId, PendingSince, PendingActorId, PendingPlaces, ...stored } = same;
  return {
    Id: _id.toHexString(),
    ...stored,
    CreatedAt: CreatedAt.getTime(),
    LastMessageAt: LastMessageAt.getTime(),
    ChangedAt: ChangedAt.getTime(),
  };
}

export type MetaDocument = { readonly _id: string; readonly Value: string };
