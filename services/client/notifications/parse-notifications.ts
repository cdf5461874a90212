import type {
  NotificationChange,
  NotificationDeleted,
  NotificationDto,
  NotificationFeed,
  NotificationGroup,
  NotificationGroupPage,
  NotificationPage,
  NotificationsRead,
  SubscribeAnswer,
} from '../../shared/contract/notification-dto.ts';
import { answerOf, areTexts, count, every, fieldsOf, isCount, UnreadableAnswerError } from '../rest/answers.ts';

const texts = [
  'id',
  'recipientId',
  'actorId',
  'actorName',
  'actorAvatar',
  'entityId',
  'createdAt',
  'action',
  'entityType',
];

/** undefined when it is no notification of a server that numbers its rows. */
export function parseNotification(value: unknown): NotificationDto | undefined {
  const row = fieldsOf(value);
  if (!row || !areTexts(row, texts)) return undefined;
  if (!isCount(row['seq']) || !isCount(row['number']) || typeof row['isRead'] !== 'boolean') return undefined;
  return row as NotificationDto;
}

export function parseDeleted(value: unknown): NotificationDeleted | undefined {
  const row = fieldsOf(value);
  const valid = row && typeof row['id'] === 'string' && isCount(row['seq']) && isCount(row['number']);
  return valid ? (row as NotificationDeleted) : undefined;
}

export function parseReadMark(value: unknown): NotificationsRead | undefined {
  const mark = fieldsOf(value);
  return mark && isCount(mark['seq']) && isCount(mark['readThrough']) ? (mark as NotificationsRead) : undefined;
}

export function parseChange(value: unknown): NotificationChange | undefined {
  const change = fieldsOf(value);
  if (change?.['kind'] === 'notification') {
    const notification = parseNotification(change['notification']);
    return notification && { kind: 'notification', notification };
  }
  if (change?.['kind'] === 'deleted') {
    const notification = parseDeleted(change['notification']);
    return notification && { kind: 'deleted', notification };
  }
  if (change?.['kind'] === 'read') {
    const mark = parseReadMark(change['mark']);
    return mark && { kind: 'read', mark };
  }
  return undefined;
}

/** @throws UnreadableAnswerError, as all below */
export function parsePage(value: unknown): NotificationPage {
  const page = answerOf(value, 'list');
  const { cursor } = page;
  return {
    items: every(page['items'], parseNotification, 'list'),
    unreadCount: count(page['unreadCount'], 'list'),
    hasMore: page['hasMore'] === true,
    cursor: typeof cursor === 'string' ? cursor : null,
  };
}

export function parseFeed(value: unknown): NotificationFeed {
  const feed = answerOf(value, 'feed');
  const { cursor, head } = feed;
  if (typeof cursor !== 'string' || typeof head !== 'string') throw new UnreadableAnswerError('feed');
  return { changes: every(feed['changes'], parseChange, 'feed'), cursor, head, reload: feed['reload'] === true };
}

export function parseGroupPage(value: unknown): NotificationGroupPage {
  const page = answerOf(value, 'grouped list');
  return {
    groups: every(page['groups'], parseGroup, 'grouped list'),
    unreadCount: count(page['unreadCount'], 'grouped list'),
    hasMore: page['hasMore'] === true,
  };
}

export function parseSubscribeAnswer(value: unknown): SubscribeAnswer {
  const subscribed = answerOf(value, 'answer to Subscribe');
  const { cursor } = subscribed;
  if (typeof cursor !== 'string') throw new UnreadableAnswerError('answer to Subscribe');
  return { cursor, reload: subscribed['reload'] === true };
}

function parseGroup(value: unknown): NotificationGroup | undefined {
  const group = fieldsOf(value);
  const latest = parseNotification(group?.['latest']);
  if (!group || !latest || typeof group['entityId'] !== 'string' || !Array.isArray(group['actors'])) return undefined;
  if (!isCount(group['others']) || !isCount(group['count']) || !isCount(group['unreadCount'])) return undefined;
  return group as NotificationGroup;
}
