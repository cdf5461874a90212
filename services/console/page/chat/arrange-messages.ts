import { messageTypes, type ParticipantDto } from '#shared/contract/chat-dto.ts';
import type { ShownMessage } from '../../../client/index.ts';

/** One entry of the conversation as it is drawn. */
export type Entry =
  /** Before the first message of a day. */
  | { readonly kind: 'day'; readonly key: string; readonly at: string }
  | { readonly kind: 'system'; readonly key: string; readonly message: ShownMessage }
  /** `opens`: the first of those that one person wrote in one go. */
  | { readonly kind: 'message'; readonly key: string; readonly message: ShownMessage; readonly opens: boolean };

const oneGoMs = 5 * 60_000;

export function arrangeMessages(messages: readonly ShownMessage[]): Entry[] {
  const entries: Entry[] = [];
  let before: ShownMessage | undefined;
  for (const message of messages) {
    const sameDay = before !== undefined && dayOf(before) === dayOf(message);
    if (!sameDay) entries.push({ kind: 'day', key: `day ${message.key}`, at: message.createdAt });
    if (isSystem(message)) entries.push({ kind: 'system', key: message.key, message });
    else {
      const opens = !sameDay || before === undefined || isSystem(before) || !isOneGo(before, message);
      entries.push({ kind: 'message', key: message.key, message, opens });
    }
    before = message;
  }
  return entries;
}

/** Of each member the newest own message that he has read, by the message's key. */
export function receiptsOf(
  messages: readonly ShownMessage[],
  participants: readonly ParticipantDto[],
  me: string,
): ReadonlyMap<string, readonly string[]> {
  const own = messages.filter((message) => message.senderId === me && !message.deleted && !isSystem(message)).reverse();
  const receipts = new Map<string, string[]>();
  for (const { userId, readThrough, joinedAt } of participants) {
    if (userId === me) continue;
    const read = own.find(({ number }) => number !== undefined && number <= readThrough);
    // What was written before somebody came counts as read to the server, and nobody saw it.
    if (read && Date.parse(read.createdAt) >= Date.parse(joinedAt))
      receipts.set(read.key, [...(receipts.get(read.key) ?? []), userId]);
  }
  return receipts;
}

export function isSystem({ type }: Pick<ShownMessage, 'type'>): boolean {
  return messageTypes[type] === 'system';
}

function isOneGo(before: ShownMessage, message: ShownMessage): boolean {
  const passed = Date.parse(message.createdAt) - Date.parse(before.createdAt);
  return before.senderId === message.senderId && passed < oneGoMs;
}

function dayOf({ createdAt }: ShownMessage): string {
  return new Date(createdAt).toDateString();
}
