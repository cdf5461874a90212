import type { ConversationDto, MessageChange, MessageDto, MessageFeed } from '../../shared/contract/chat-dto.ts';
import { formatCursor, parseCursor } from '../../shared/contract/cursor.ts';
import type { ConversationId, UserId } from '../../shared/contract/ids.ts';

export const conversationId = 'a'.repeat(24) as ConversationId;
export const alice = 'alice' as UserId;
export const bob = 'bob' as UserId;

export function message(number: number, change: Partial<MessageDto> = {}): MessageDto {
  return {
    id: `id-${number}`,
    conversationId,
    senderId: bob,
    content: `message ${number}`,
    type: 0,
    createdAt: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
    editedAt: null,
    clientMessageId: null,
    system: null,
    seq: number,
    number,
    ...change,
  };
}

export type Act = { readonly kind: 'send' | 'edit' | 'delete'; readonly at: number };

/** The server's side of one conversation: each act takes the next seq. */
export class SimulatedConversation {
  readonly epoch: string;
  readonly changes: MessageChange[] = [];
  readonly rows = new Map<number, MessageDto>();
  number = 0;

  constructor(epoch = 'e') {
    this.epoch = epoch;
  }

  get head(): string {
    return formatCursor({ epoch: this.epoch, seq: this.changes.length });
  }

  act({ kind, at }: Act): MessageChange {
    const seq = this.changes.length + 1;
    const target = kind === 'send' ? undefined : this.rows.get((at % Math.max(1, this.number)) + 1);
    const change = target && kind === 'delete' ? this.#delete(target, seq) : this.#write(target, seq);
    this.changes.push(change);
    return change;
  }

  /** As of now: newest first. */
  page(before: number | undefined, limit: number): MessageDto[] {
    const rows = [...this.rows.values()].filter(({ number }) => number < (before ?? Number.POSITIVE_INFINITY));
    return rows.sort((a, b) => b.number - a.number).slice(0, limit);
  }

  /** As of now: the latest state of each row. */
  feed(after: string, limit: number): MessageFeed {
    const seq = parseCursor(after)?.seq ?? 0;
    const latest = new Map(this.changes.map((change) => [change.message.id, change]));
    const changes = [...latest.values()]
      .filter((change) => change.message.seq > seq)
      .sort((a, b) => a.message.seq - b.message.seq)
      .slice(0, limit);
    const through = changes.length < limit ? this.changes.length : (changes.at(-1)?.message.seq ?? seq);
    return { changes, cursor: formatCursor({ epoch: this.epoch, seq: through }), head: this.head, reload: false };
  }

  dto(readThrough = 0): ConversationDto {
    const last = this.rows.get(this.number);
    return {
      id: conversationId,
      type: 0,
      name: null,
      createdAt: message(0).createdAt,
      lastMessageAt: message(this.number).createdAt,
      lastMessageContent: last?.content ?? null,
      lastMessageSenderId: last?.senderId ?? bob,
      lastMessageType: 0,
      participants: [],
      participantCount: 2,
      unreadCount: this.number - readThrough,
      readThrough,
      number: this.number,
      cursor: this.head,
    };
  }

  #write(target: MessageDto | undefined, seq: number): MessageChange {
    if (!target) this.number += 1;
    const number = target?.number ?? this.number;
    const row = message(number, { seq, content: `message ${number} as of ${seq}` });
    this.rows.set(number, row);
    return { kind: 'message', message: row };
  }

  #delete({ id, number }: MessageDto, seq: number): MessageChange {
    this.rows.delete(number);
    return { kind: 'deleted', message: { id, conversationId, seq, number } };
  }
}
