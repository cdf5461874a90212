import { messageTypes, type SystemMessage, smallConversation } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { newObjectId } from '#shared/store/object-id.ts';
import { type Place, placeOfChanged, placeOfNew } from '#shared/stream/feed.ts';
import { markOfChange, markOfNew, type Pending } from '#shared/stream/outbox.ts';
import type { ConversationHead } from '../domain/conversation.ts';
import type { ChatRow, DeletedMessageRow, MessageRow } from '../domain/message-row.ts';
import { systemSentence } from '../domain/system-message.ts';
import type { NewMessage } from './chat-store.ts';

/** A row as both adapters keep it, under Sonixy's element names; enums are .NET's ordinals, times milliseconds since 1970. */
export type StoredMessage = {
  readonly Id: string;
  readonly ConversationId: string;
  readonly SenderId: string;
  readonly Type: number;
  readonly Content: string;
  /** JSON of a `SystemMessage`; empty for what people wrote. */
  readonly System: string;
  readonly ClientMessageId: string | null;
  /** Unique: sender and `ClientMessageId`, or the row's own id. */
  readonly SendKey: string;
  readonly BodyHash: string;
  readonly Deleted: boolean;
  readonly CreatedAt: number;
  readonly EditedAt: number | null;
  readonly UpdatedAt: number;
  readonly Seq: number;
  readonly Number: number;
  /** The elements from here to `Large` tell of the conversation as of this row's seq: the newest row tells its state. */
  readonly HeadNumber: number;
  /** Seq of the last row that changed who is in. */
  readonly Members: number;
  readonly MemberCount: number;
  readonly Large: boolean;
  /** When the row took its seq; 0: that seq is on the bus. */
  readonly PendingSince: number;
  readonly LeaseUntil: number;
  /** No event has told of the row yet. */
  readonly Unsent: boolean;
};

/** All that a writer needs to know of a conversation. */
export type StoredHead = ConversationHead & { readonly memberCount: number; readonly large: boolean };

export const noHead: StoredHead = { seq: 0, number: 0, members: 0, memberCount: 0, large: false };

type MarkElements = Pick<StoredMessage, 'PendingSince' | 'LeaseUntil' | 'Unsent'>;
type PlaceElements = Pick<StoredMessage, 'Seq' | 'Number' | 'HeadNumber' | 'Members' | 'MemberCount' | 'Large'>;

/** A row that has no place yet. */
export type Draft = Omit<StoredMessage, keyof MarkElements | keyof PlaceElements>;

const systemType = messageTypes.indexOf('system');

export function draftOf(message: NewMessage, now: number): Draft {
  const id = newObjectId(now);
  return {
    Id: id,
    ConversationId: message.conversationId,
    SenderId: message.senderId,
    Type: messageTypes.indexOf(message.type),
    Content: message.content,
    System: message.system ? JSON.stringify(message.system) : '',
    ClientMessageId: message.clientMessageId,
    SendKey: sendKey(message.senderId, message.clientMessageId) ?? id,
    BodyHash: message.bodyHash,
    Deleted: false,
    CreatedAt: now,
    EditedAt: null,
    UpdatedAt: now,
  };
}

/** An id never begins as a key of sender and `clientMessageId` does. */
function sendKey(senderId: string, clientMessageId: string | null): string | undefined {
  return clientMessageId === null ? undefined : JSON.stringify([senderId, clientMessageId]);
}

/** Why `known`, stored under the draft's key, is no answer to it; undefined where it is. */
export function refusalOfKnown(known: StoredMessage, draft: Draft): PlatformError | undefined {
  if (known.BodyHash === draft.BodyHash && known.ConversationId === draft.ConversationId) return undefined;
  return new PlatformError('conflict', 'clientMessageId was used for another message: choose a new one');
}

export type SystemDraft = {
  readonly id: string;
  readonly conversationId: string;
  readonly actor: string;
  readonly system: SystemMessage;
  readonly at: number;
};

export function draftOfSystem({ id, conversationId, actor, system, at }: SystemDraft): Draft {
  return {
    Id: id,
    ConversationId: conversationId,
    SenderId: actor,
    Type: systemType,
    Content: systemSentence(system),
    System: JSON.stringify(system),
    ClientMessageId: null,
    SendKey: id,
    BodyHash: '',
    Deleted: false,
    CreatedAt: at,
    EditedAt: null,
    UpdatedAt: at,
  };
}

/** `joined`: by how many the members grow; undefined for a row that does not change who is in. */
export function newRow(draft: Draft, head: StoredHead, joined?: number): StoredMessage {
  const place = placeOfNew(head);
  const members = joined === undefined ? head.members : place.seq;
  const memberCount = head.memberCount + (joined ?? 0);
  const row = placed(draft, place, { ...head, members, memberCount, large: head.large || isLarge(memberCount) });
  return { ...row, ...markElements(markOfNew(draft.UpdatedAt)) };
}

export function editedRow(row: StoredMessage, content: string, head: StoredHead, now: number): StoredMessage {
  return moved({ ...row, Content: content, EditedAt: now }, head, now);
}

/** The ids in a membership's row stay: they say which places it has told of. */
export function deletedRow(row: StoredMessage, head: StoredHead, now: number): StoredMessage {
  const System = toldOf(row).length > 0 ? row.System : '';
  return moved({ ...row, Content: '', System, EditedAt: null, Deleted: true }, head, now);
}

function moved(row: StoredMessage, head: StoredHead, now: number): StoredMessage {
  const next = placed({ ...row, UpdatedAt: now }, placeOfChanged(head, { seq: row.Seq, number: row.Number }), head);
  return { ...next, ...markElements(markOfChange(markOf(row), now)) };
}

function placed(draft: Draft, { seq, number, headNumber }: Place, head: StoredHead): StoredMessage {
  return {
    ...draft,
    Seq: seq,
    Number: number,
    HeadNumber: headNumber,
    Members: head.members,
    MemberCount: head.memberCount,
    Large: head.large,
    ...markElements(undefined),
  };
}

export function markOf({ PendingSince, LeaseUntil, Unsent }: MarkElements): Pending {
  return PendingSince === 0 ? undefined : { since: PendingSince, leasedUntil: LeaseUntil, unsent: Unsent };
}

export function markElements(mark: Pending): MarkElements {
  return mark
    ? { PendingSince: mark.since, LeaseUntil: mark.leasedUntil, Unsent: mark.unsent }
    : { PendingSince: 0, LeaseUntil: 0, Unsent: false };
}

function isLarge(memberCount: number): boolean {
  return memberCount > smallConversation;
}

export function headOf(row: Omit<PlaceElements, 'Number'>): StoredHead {
  return {
    seq: row.Seq,
    number: row.HeadNumber,
    members: row.Members,
    memberCount: row.MemberCount,
    large: row.Large,
  };
}

export function toHead({ seq, number, members }: StoredHead): ConversationHead {
  return { seq, number, members };
}

export function placeOf(row: StoredMessage): Place {
  return { seq: row.Seq, number: row.Number, headNumber: row.HeadNumber };
}

/** Whose places a row tells of; nobody's where it tells of none. */
export function toldOf(row: StoredMessage): readonly string[] {
  const system = systemOf(row);
  return system && 'userIds' in system ? system.userIds : [];
}

function systemOf({ System }: StoredMessage): SystemMessage | null {
  return System === '' ? null : (JSON.parse(System) as SystemMessage);
}

export function toChatRow(row: StoredMessage): ChatRow {
  return row.Deleted ? toDeletedRow(row) : toMessageRow(row);
}

export function toMessageRow(row: StoredMessage): MessageRow {
  return {
    kind: 'message',
    ...rowPlace(row),
    content: row.Content,
    system: systemOf(row),
    clientMessageId: row.ClientMessageId,
    editedAt: row.EditedAt,
  };
}

export function toDeletedRow(row: StoredMessage): DeletedMessageRow {
  return { kind: 'deleted', ...rowPlace(row) };
}

function rowPlace(row: StoredMessage) {
  return {
    id: row.Id,
    conversationId: row.ConversationId as ConversationId,
    senderId: row.SenderId as UserId,
    type: messageTypes[row.Type] ?? 'text',
    createdAt: row.CreatedAt,
    seq: row.Seq,
    number: row.Number,
    members: row.Members,
  };
}
