import {
  type ChatSync,
  type ConversationDto,
  type MessageDeleted,
  type MessageDto,
  type MessagesRead,
  unreadMessagesCap,
} from '../../shared/contract/chat-dto.ts';
import { parseCursor } from '../../shared/contract/cursor.ts';

/** `latestSeq`: as of which seq its latest message is shown. */
export type ConversationRow = ConversationDto & { readonly latestSeq: number };

/** What a client knows of its user's conversations. Everything in it only grows, so what comes late or twice changes nothing. */
export type ConversationList = {
  readonly rows: ReadonlyMap<string, ConversationRow>;
  /** Where the next `sync` goes on; undefined: from the beginning. */
  readonly token: string | undefined;
  /** Whether a `sync` has told all of them. */
  readonly loaded: boolean;
  /** During a `sync` from the beginning: those that it has not told yet. */
  readonly unconfirmed: ReadonlySet<string>;
  /** Conversations of which a state from that seq on is missed; 0: any. The server may send it yet. */
  readonly missed: ReadonlyMap<string, number>;
};

export const noConversations: ConversationList = {
  rows: new Map(),
  token: undefined,
  loaded: false,
  unconfirmed: new Set(),
  missed: new Map(),
};

/** The token means nothing any more: what is there stays until a whole `sync` has not told it. */
export function withoutToken(list: ConversationList): ConversationList {
  return { ...list, token: undefined, unconfirmed: new Set(list.rows.keys()) };
}

/** Takes an answer of `sync` that was not `reload`. `asked`: what was missed when it was asked for; all else stays missed. */
export function withSync(
  list: ConversationList,
  sync: ChatSync,
  asked: ConversationList['missed'] = list.missed,
): ConversationList {
  const told = sync.conversations.reduce((before, each) => withConversation(before, each, 'own'), list);
  const left = sync.left.reduce((before, id) => withoutConversation(before, id), told);
  if (sync.more) return { ...left, token: sync.token };
  const whole = [...left.unconfirmed].reduce((before, id) => withoutConversation(before, id), left);
  const missed = new Map([...whole.missed].filter(([id, seq]) => asked.get(id) !== seq));
  return { ...whole, token: sync.token, loaded: true, missed };
}

/** `own`: an answer to the user alone; `shared`: a push, which lacks what is the user's. */
export function withConversation(
  list: ConversationList,
  conversation: ConversationDto,
  kind: 'own' | 'shared',
): ConversationList {
  const { id } = conversation;
  const known = list.rows.get(id);
  if (!known && kind === 'shared') return withMissed(list, id, 0);
  const told = { ...conversation, latestSeq: seqOf(conversation) };
  const row = known ? newerOf(known, told, kind) : told;
  const missed = new Map(list.missed);
  if (seqOf(row) >= (missed.get(id) ?? 0)) missed.delete(id);
  const unconfirmed = new Set(list.unconfirmed);
  unconfirmed.delete(id);
  return { ...list, rows: new Map(list.rows).set(id, counted(row)), missed, unconfirmed };
}

export function withoutConversation(list: ConversationList, id: string): ConversationList {
  const [rows, missed, unconfirmed] = [new Map(list.rows), new Map(list.missed), new Set(list.unconfirmed)];
  rows.delete(id);
  missed.delete(id);
  unconfirmed.delete(id);
  return { ...list, rows, missed, unconfirmed };
}

/** The user entered it, or something about it came that only the server can tell in full. */
export function withMissed(list: ConversationList, id: string, seq: number): ConversationList {
  return { ...list, missed: new Map(list.missed).set(id, Math.max(seq, list.missed.get(id) ?? 0)) };
}

/** A message came, new or changed. */
export function withLatest(list: ConversationList, message: MessageDto): ConversationList {
  const row = list.rows.get(message.conversationId);
  if (!row) return withMissed(list, message.conversationId, 0);
  // Its members or its name may be others now.
  const next = message.system && message.seq > seqOf(row) ? withMissed(list, row.id, message.seq) : list;
  if (!isLater(message, row)) return next;
  return withRow(next, {
    ...row,
    lastMessageAt: message.createdAt,
    lastMessageContent: message.content,
    lastMessageSenderId: message.senderId,
    lastMessageType: message.type,
    number: message.number,
    latestSeq: message.seq,
  });
}

export function withLatestDeleted(list: ConversationList, message: MessageDeleted): ConversationList {
  const row = list.rows.get(message.conversationId);
  if (!row || !isLater(message, row)) return list;
  const { number, seq } = message;
  return withMissed(withRow(list, { ...row, number, latestSeq: seq, lastMessageContent: null }), row.id, seq);
}

function isLater(message: MessageDto | MessageDeleted, row: ConversationRow): boolean {
  return message.number > row.number || (message.number === row.number && message.seq > row.latestSeq);
}

export function withRead(list: ConversationList, read: Texts<MessagesRead>, me: string | undefined): ConversationList {
  const row = list.rows.get(read.conversationId);
  if (!row) return list;
  const { userId, readThrough } = read;
  const participants = row.participants.map((each) =>
    each.userId === userId && each.readThrough < readThrough ? { ...each, readThrough } : each,
  );
  return withRow(list, {
    ...row,
    participants,
    readThrough: userId === me ? Math.max(row.readThrough, readThrough) : row.readThrough,
  });
}

/** Ids that nobody has branded. */
type Texts<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : T[Key] };

/** Where the latest message is the youngest first. */
export function sortedConversations(list: ConversationList): ConversationRow[] {
  const at = (row: ConversationRow) => Date.parse(row.lastMessageAt) || 0;
  return [...list.rows.values()].sort((a, b) => at(b) - at(a) || (a.id < b.id ? -1 : 1));
}

function withRow(list: ConversationList, row: ConversationRow): ConversationList {
  return { ...list, rows: new Map(list.rows).set(row.id, counted(row)) };
}

function newerOf(known: ConversationRow, told: ConversationRow, kind: 'own' | 'shared'): ConversationRow {
  const [mine, its] = [parseCursor(known.cursor), parseCursor(told.cursor)];
  // The store has another life: its answer counts, and a push waits for one.
  if (mine?.epoch !== its?.epoch) return kind === 'own' ? told : known;
  const row = (its?.seq ?? 0) >= (mine?.seq ?? 0) ? told : known;
  const latest =
    known.number > told.number || (known.number === told.number && known.latestSeq > told.latestSeq) ? known : told;
  const readThrough = (userId: string) =>
    Math.max(...[known, told].map((each) => each.participants.find((one) => one.userId === userId)?.readThrough ?? 0));
  return {
    ...row,
    lastMessageAt: latest.lastMessageAt,
    lastMessageContent: latest.lastMessageContent,
    lastMessageSenderId: latest.lastMessageSenderId,
    lastMessageType: latest.lastMessageType,
    number: latest.number,
    latestSeq: latest.latestSeq,
    readThrough: Math.max(known.readThrough, told.readThrough),
    participants: row.participants.map((each) => ({ ...each, readThrough: readThrough(each.userId) })),
  };
}

function counted(row: ConversationRow): ConversationRow {
  return { ...row, unreadCount: Math.max(0, Math.min(row.number - row.readThrough, unreadMessagesCap)) };
}

function seqOf(row: ConversationDto): number {
  return parseCursor(row.cursor)?.seq ?? 0;
}
