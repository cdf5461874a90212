import {
  type ConversationDto,
  conversationTypes,
  type MemberRole,
  messageTypes,
  type ParticipantDto,
  type SystemMessage,
} from '#shared/contract/chat-dto.ts';
import type { ConversationRow, ShownMessage } from '../../../client/index.ts';

/** Who reads, and what others are called. */
export type Reader = { readonly me: string; nameOf(user: string): string };

const and = new Intl.ListFormat('en-GB', { type: 'conjunction' });

/** `Bob, Carol and Dave`; from five names on `Bob, Carol, Dave and 2 others`. */
export function listed(names: readonly string[]): string {
  return and.format(names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} others`] : names);
}

export function isGroup({ type }: Pick<ConversationDto, 'type'>): boolean {
  return conversationTypes[type] === 'group';
}

/** The members that the conversation lists, without the reader. */
export function othersIn(
  { participants }: Pick<ConversationDto, 'participants'>,
  { me }: Pick<Reader, 'me'>,
): readonly ParticipantDto[] {
  return participants.filter(({ userId }) => userId !== me);
}

/** Its name, or that of whoever else is in it. */
export function titleOf(row: Pick<ConversationDto, 'type' | 'name' | 'participants'>, reader: Reader): string {
  if (isGroup(row) && row.name) return row.name;
  const names = othersIn(row, reader).map(({ userId }) => reader.nameOf(userId));
  return names.length > 0 ? listed(names) : 'Only you';
}

/** Own messages are read: whoever wrote them was there. */
export function unreadOf(
  row: Pick<ConversationRow, 'unreadCount' | 'lastMessageSenderId'>,
  { me }: Pick<Reader, 'me'>,
): number {
  return row.lastMessageSenderId === me ? 0 : row.unreadCount;
}

/** The latest message in one line: `You: hello`. Empty when there is none. */
export function latestInWords(row: ConversationRow, reader: Reader): string {
  const { lastMessageContent: content, lastMessageSenderId: sender } = row;
  if (content === null || sender === null) return '';
  const who = sender === reader.me ? 'You' : reader.nameOf(sender);
  if (messageTypes[row.lastMessageType] === 'system') return `${who} ${content}`;
  const what = messageInWords({ content, type: row.lastMessageType });
  return isGroup(row) || sender === reader.me ? `${who}: ${what}` : what;
}

/** What it says, or what it is. */
export function messageInWords({ content, type }: Pick<ShownMessage, 'content' | 'type'>): string {
  return messageTypes[type] === 'image' ? 'Image' : messageTypes[type] === 'file' ? 'File' : content;
}

/** `Alice added you and Carol` */
export function systemInWords(
  { senderId, content, system }: Pick<ShownMessage, 'senderId' | 'content' | 'system'>,
  reader: Reader,
): string {
  const who = senderId === undefined || senderId === reader.me ? 'You' : reader.nameOf(senderId);
  return `${who} ${system ? deedInWords(system, reader) : content}`;
}

function deedInWords(system: SystemMessage, { me, nameOf }: Reader): string {
  const people = (userIds: readonly string[]) => listed(userIds.map((user) => (user === me ? 'you' : nameOf(user))));
  switch (system.action) {
    case 'created':
      return 'started the conversation';
    case 'added':
      return `added ${people(system.userIds)}`;
    case 'removed':
      return `removed ${people(system.userIds)}`;
    case 'left':
      return 'left the conversation';
    case 'renamed':
      return `renamed the conversation to “${system.name}”`;
    case 'role':
      return `made ${people(system.userIds)} ${roleInWords(system.role)}`;
  }
}

export function roleInWords(role: MemberRole): string {
  return role === 'member' ? 'a member' : role === 'admin' ? 'an admin' : 'an owner';
}

/** `Seen`, `Seen by Bob and Carol`, `Seen by everybody`. */
export function seenInWords(readers: readonly string[], row: ConversationDto, { nameOf }: Reader): string {
  if (!isGroup(row)) return 'Seen';
  const everybody = readers.length > 1 && readers.length === row.participantCount - 1;
  return everybody ? 'Seen by everybody' : `Seen by ${listed(readers.map(nameOf))}`;
}

/** `Bob is typing…`; empty for nobody. */
export function typingInWords(users: readonly string[], { nameOf }: Reader): string {
  if (users.length === 0) return '';
  return `${listed(users.map(nameOf))} ${users.length === 1 ? 'is' : 'are'} typing…`;
}

/** `14:03` */
export function clockTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? '' : time.toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' });
}

/** `Today`, `Yesterday`, then the date. */
export function dayInWords(iso: string, now: number): string {
  const then = new Date(iso);
  const dayOf = (time: Date) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
  const days = Math.round((dayOf(new Date(now)) - dayOf(then)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return then.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
}
