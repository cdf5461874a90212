import type { MessageChange, MessageDto, MessageFeed } from '../../shared/contract/chat-dto.ts';
import { isIn, noPlace, placeAt, type StreamPlace, withRead, withSeq } from '../stream/stream-place.ts';

/**
 * What a client knows of one conversation's messages. Rows may come in any order, any number of times and from pushes,
 * feed, pages and answers alike: the latest state of each message wins, by `seq`, and one that is gone stays gone.
 */
export type MessageList = StreamPlace & {
  /** All that came, also what lies before `floor`: a page that is on its way may show an older state of it. */
  readonly rows: ReadonlyMap<string, MessageDto>;
  /** What is left of each deleted message; nothing, where it never came. */
  readonly gone: ReadonlyMap<string, Tombstone | undefined>;
  /** Highest number met. */
  readonly newest: number;
  /** Messages from this number on are all loaded; Infinity before the first page. */
  readonly floor: number;
  readonly hasMore: boolean;
};

export type Tombstone = Pick<MessageDto, 'id' | 'number' | 'senderId' | 'createdAt' | 'type' | 'clientMessageId'>;

export const noMessages: MessageList = {
  ...noPlace,
  rows: new Map(),
  gone: new Map(),
  newest: 0,
  floor: Number.POSITIVE_INFINITY,
  hasMore: false,
};

/** A list that follows the stream from `cursor` on, with nothing loaded. Any cursor will do that is older than the first page. */
export function messagesFrom(cursor: string): MessageList {
  return { ...noMessages, ...placeAt(cursor) };
}

export function hasMessages(list: MessageList): boolean {
  return list.floor !== Number.POSITIVE_INFINITY;
}

/** A push, or the server's answer to a call that changed a message. */
export function withMessageChange(list: MessageList, change: MessageChange): MessageList {
  const { seq } = change.message;
  return isIn(list, seq) ? list : withSeq(merged(list, [change]), seq);
}

/** Takes an answer of the feed that was not `reload`. */
export function withMessageFeed(list: MessageList, feed: MessageFeed): MessageList {
  return withRead(merged(list, feed.changes), feed.cursor);
}

/** Takes what was asked for with `limit` and `before` the present floor (none at first). */
export function withMessagePage(list: MessageList, page: readonly MessageDto[], limit: number): MessageList {
  const last = page.at(-1);
  const hasMore = page.length >= limit;
  return {
    ...merged(
      list,
      page.map((message) => ({ kind: 'message', message })),
    ),
    floor: hasMore && last ? Math.min(list.floor, last.number) : 0,
    hasMore,
  };
}

/** Of messages that were here, oldest first. Their places stay theirs. */
export function visibleTombstones(list: MessageList): Tombstone[] {
  return [...list.gone.values()]
    .filter((each) => each !== undefined)
    .filter(({ number }) => number >= list.floor)
    .sort((a, b) => a.number - b.number);
}

/** Oldest first. */
export function visibleMessages(list: MessageList): MessageDto[] {
  return [...list.rows.values()].filter(({ number }) => number >= list.floor).sort((a, b) => a.number - b.number);
}

function merged(list: MessageList, changes: readonly MessageChange[]): MessageList {
  const rows = new Map(list.rows);
  const gone = new Map(list.gone);
  let { newest } = list;
  for (const { kind, message } of changes) {
    newest = Math.max(newest, message.number);
    if (gone.has(message.id)) continue;
    if (kind === 'deleted') {
      gone.set(message.id, leftOf(rows.get(message.id)));
      rows.delete(message.id);
    } else if ((rows.get(message.id)?.seq ?? 0) < message.seq) rows.set(message.id, message);
  }
  return { ...list, rows, gone, newest };
}

function leftOf(row: MessageDto | undefined): Tombstone | undefined {
  if (!row) return undefined;
  const { id, number, senderId, createdAt, type, clientMessageId } = row;
  return { id, number, senderId, createdAt, type, clientMessageId };
}
