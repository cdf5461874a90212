import type { ConversationDto, MessageDto, SystemMessage } from '../../shared/contract/chat-dto.ts';
import { type MessageList, type Tombstone, visibleMessages, visibleTombstones } from './message-list.ts';
import type { Outgoing } from './send-queue.ts';

/** One message as a person sees it: the server's, or one that is on its way there. */
export type ShownMessage = {
  /** Stays the same when a message that was on its way has arrived. */
  readonly key: string;
  /** undefined until the server has it, as `number`. */
  readonly id: string | undefined;
  readonly number: number | undefined;
  readonly senderId: string | undefined;
  readonly content: string;
  /** Ordinal in `messageTypes`. */
  readonly type: number;
  readonly createdAt: string;
  readonly editedAt: string | null;
  readonly system: SystemMessage | null;
  /** It was shown and is deleted: `content` is empty. Read anew, the history has it no more. */
  readonly deleted: boolean;
  readonly delivery: 'sent' | Outgoing['state'];
  /** Why it is not sent yet. */
  readonly error: unknown;
};

/** Oldest first; what is on its way comes last, in the order in which it was sent. */
export function shownMessages(
  list: MessageList,
  outgoing: readonly Outgoing[],
  me: string | undefined,
): ShownMessage[] {
  const keyOf = (row: Tombstone) => (row.senderId === me ? row.clientMessageId : null) ?? row.id;
  const left = visibleTombstones(list);
  const arrived = new Set([...list.rows.values(), ...left].map(keyOf));
  const sent = [
    ...visibleMessages(list).map((row) => shownRow(row, keyOf(row), false)),
    ...left.map((row) => shownRow({ ...row, content: '', editedAt: null, system: null }, keyOf(row), true)),
  ];
  if (left.length > 0) sent.sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
  const pending = outgoing.filter(({ message }) => !arrived.has(message.clientMessageId));
  return [...sent, ...pending.map((each) => shownOutgoing(each, me))];
}

type Shown = Tombstone & Pick<MessageDto, 'content' | 'editedAt' | 'system'>;

function shownRow(row: Shown, key: string, deleted: boolean): ShownMessage {
  const { id, number, senderId, content, type, createdAt, editedAt, system } = row;
  return {
    key,
    id,
    number,
    senderId,
    content,
    type,
    createdAt,
    editedAt,
    system,
    deleted,
    delivery: 'sent',
    error: undefined,
  };
}

function shownOutgoing({ message, state, error }: Outgoing, me: string | undefined): ShownMessage {
  const { clientMessageId, content, type, createdAt } = message;
  return {
    key: clientMessageId,
    id: undefined,
    number: undefined,
    senderId: me,
    content,
    type,
    createdAt,
    editedAt: null,
    system: null,
    deleted: false,
    delivery: state,
    error,
  };
}

/** Ids of those who have read it, without its sender; nobody beyond the `participants` that the conversation lists. */
export function readersOf(
  { number, senderId }: Pick<ShownMessage, 'number' | 'senderId'>,
  { participants }: Pick<ConversationDto, 'participants'>,
): string[] {
  if (number === undefined) return [];
  return participants
    .filter(({ userId, readThrough }) => userId !== senderId && readThrough >= number)
    .map(({ userId }) => userId);
}
