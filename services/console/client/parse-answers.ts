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
} from '#shared/contract/notification-dto.ts';

/** Thrown when a server answers in a shape that is not the contract's. */
export class UnreadableAnswerError extends Error {
  override readonly name = 'UnreadableAnswerError';

  constructor(what: string) {
    super(`the server's ${what} has an unexpected shape`);
  }
}

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
  const row = record(value);
  if (!row || !texts.every((name) => typeof row[name] === 'string')) return undefined;
  if (!isCount(row['seq']) || !isCount(row['number']) || typeof row['isRead'] !== 'boolean') return undefined;
  return row as NotificationDto;
}

export function parseDeleted(value: unknown): NotificationDeleted | undefined {
  const row = record(value);
  const valid = row && typeof row['id'] === 'string' && isCount(row['seq']) && isCount(row['number']);
  return valid ? (row as NotificationDeleted) : undefined;
}

export function parseReadMark(value: unknown): NotificationsRead | undefined {
  const mark = record(value);
  return mark && isCount(mark['seq']) && isCount(mark['readThrough']) ? (mark as NotificationsRead) : undefined;
}

export function parseChange(value: unknown): NotificationChange | undefined {
  const change = record(value);
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
  const page = answer(value, 'list');
  return {
    items: every(page['items'], parseNotification, 'list'),
    unreadCount: count(page['unreadCount'], 'list'),
    hasMore: page['hasMore'] === true,
  };
}

export function parseFeed(value: unknown): NotificationFeed {
  const feed = answer(value, 'feed');
  const { cursor, head } = feed;
  if (typeof cursor !== 'string' || typeof head !== 'string') throw new UnreadableAnswerError('feed');
  return { changes: every(feed['changes'], parseChange, 'feed'), cursor, head, reload: feed['reload'] === true };
}

export function parseGroupPage(value: unknown): NotificationGroupPage {
  const page = answer(value, 'grouped list');
  return {
    groups: every(page['groups'], parseGroup, 'grouped list'),
    unreadCount: count(page['unreadCount'], 'grouped list'),
    hasMore: page['hasMore'] === true,
  };
}

export function parseSubscribeAnswer(value: unknown): SubscribeAnswer {
  const subscribed = answer(value, 'answer to Subscribe');
  const { cursor } = subscribed;
  if (typeof cursor !== 'string') throw new UnreadableAnswerError('answer to Subscribe');
  return { cursor, reload: subscribed['reload'] === true };
}

function parseGroup(value: unknown): NotificationGroup | undefined {
  const group = record(value);
  const latest = parseNotification(group?.['latest']);
  if (!group || !latest || typeof group['entityId'] !== 'string' || !Array.isArray(group['actors'])) return undefined;
  if (!isCount(group['others']) || !isCount(group['count']) || !isCount(group['unreadCount'])) return undefined;
  return group as NotificationGroup;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function answer(value: unknown, what: string): Record<string, unknown> {
  const fields = record(value);
  if (!fields) throw new UnreadableAnswerError(what);
  return fields;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function count(value: unknown, what: string): number {
  if (!isCount(value)) throw new UnreadableAnswerError(what);
  return value;
}

function every<T>(value: unknown, parse: (item: unknown) => T | undefined, what: string): T[] {
  if (!Array.isArray(value)) throw new UnreadableAnswerError(what);
  return value.map((item) => {
    const parsed = parse(item);
    if (parsed === undefined) throw new UnreadableAnswerError(what);
    return parsed;
  });
}
