import type {
  ChatSync,
  ConversationDto,
  MembershipChanged,
  MessageChange,
  MessageDeleted,
  MessageDto,
  MessageFeed,
  MessagesRead,
  ParticipantDto,
  PresenceChanged,
  SubscribeChatAnswer,
} from '../../shared/contract/chat-dto.ts';
import type { ConversationId } from '../../shared/contract/ids.ts';
import { answerOf, areTexts, every, fieldsOf, isCount, known, UnreadableAnswerError } from '../rest/answers.ts';

const messageTexts = ['id', 'conversationId', 'senderId', 'content', 'createdAt'];

/** undefined when it is no message of a server that numbers its rows. */
export function parseMessage(value: unknown): MessageDto | undefined {
  const row = fieldsOf(value);
  if (!row || !areTexts(row, messageTexts)) return undefined;
  if (!isCount(row['seq']) || !isCount(row['number']) || !isCount(row['type'])) return undefined;
  return row as MessageDto;
}

export function parseMessageDeleted(value: unknown): MessageDeleted | undefined {
  const row = fieldsOf(value);
  const valid = row && areTexts(row, ['id', 'conversationId']) && isCount(row['seq']) && isCount(row['number']);
  return valid ? (row as MessageDeleted) : undefined;
}

export function parseConversation(value: unknown): ConversationDto | undefined {
  const row = fieldsOf(value);
  if (!row || !areTexts(row, ['id', 'createdAt', 'lastMessageAt', 'cursor'])) return undefined;
  if (!isCount(row['number']) || !isCount(row['readThrough']) || !Array.isArray(row['participants'])) return undefined;
  return row['participants'].every((each) => parseParticipant(each)) ? (row as ConversationDto) : undefined;
}

export function parseParticipant(value: unknown): ParticipantDto | undefined {
  const row = fieldsOf(value);
  return row && areTexts(row, ['userId', 'role']) && isCount(row['readThrough']) ? (row as ParticipantDto) : undefined;
}

export function parseMessagesRead(value: unknown): MessagesRead | undefined {
  const read = fieldsOf(value);
  const valid = read && areTexts(read, ['conversationId', 'userId']) && isCount(read['readThrough']);
  return valid ? (read as MessagesRead) : undefined;
}

export function parseMembership(value: unknown): MembershipChanged | undefined {
  const change = fieldsOf(value);
  const valid = change && areTexts(change, ['conversationId']) && /^(joined|left)$/.test(String(change['state']));
  return valid ? (change as MembershipChanged) : undefined;
}

export function parsePresence(value: unknown): PresenceChanged | undefined {
  const change = fieldsOf(value);
  const valid = change && areTexts(change, ['userId']) && /^(online|offline|unknown)$/.test(String(change['state']));
  return valid ? (change as PresenceChanged) : undefined;
}

/** @throws UnreadableAnswerError, as all below */
export function parseMessages(value: unknown): MessageDto[] {
  return every(value, parseMessage, 'list of messages');
}

export function parseMessageFeed(value: unknown): MessageFeed {
  const feed = answerOf(value, 'feed');
  const { cursor, head } = feed;
  if (typeof cursor !== 'string' || typeof head !== 'string') throw new UnreadableAnswerError('feed');
  return { changes: every(feed['changes'], parseChange, 'feed'), cursor, head, reload: feed['reload'] === true };
}

export function parseSync(value: unknown): ChatSync {
  const sync = answerOf(value, 'sync');
  const { token } = sync;
  if (typeof token !== 'string') throw new UnreadableAnswerError('sync');
  return {
    token,
    conversations: every(sync['conversations'], parseConversation, 'sync'),
    left: every(sync['left'], (id) => (typeof id === 'string' ? (id as ConversationId) : undefined), 'sync'),
    more: sync['more'] === true,
    reload: sync['reload'] === true,
  };
}

export function parseSubscribeChat(value: unknown): SubscribeChatAnswer {
  const what = 'answer to SubscribeChat';
  const conversations = answerOf(answerOf(value, what)['conversations'], what);
  const entries = Object.entries(conversations).map(([id, place]) => {
    const { cursor, reload } = answerOf(place, what);
    if (typeof cursor !== 'string') throw new UnreadableAnswerError(what);
    return [id, { cursor, reload: reload === true }] as const;
  });
  return { conversations: Object.fromEntries(entries) };
}

export function parsePresences(value: unknown): PresenceChanged[] {
  return every(value, parsePresence, 'answer to WatchPresence');
}

export function knownMessage(value: unknown): MessageDto {
  return known(parseMessage(value), 'message');
}

export function knownConversation(value: unknown): ConversationDto {
  return known(parseConversation(value), 'conversation');
}

function parseChange(value: unknown): MessageChange | undefined {
  const change = fieldsOf(value);
  if (change?.['kind'] === 'message') {
    const message = parseMessage(change['message']);
    return message && { kind: 'message', message };
  }
  if (change?.['kind'] === 'deleted') {
    const message = parseMessageDeleted(change['message']);
    return message && { kind: 'deleted', message };
  }
  return undefined;
}
