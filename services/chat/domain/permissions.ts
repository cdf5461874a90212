import { type MemberRole, memberRoles } from '#shared/contract/chat-dto.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { Conversation, Member } from './conversation.ts';
import type { ChatRow } from './message-row.ts';

type Kind = Pick<Conversation, 'type'>;
type Actor = Pick<Member, 'userId' | 'role'>;

export function mayRename(conversation: Kind, actor: Actor): boolean {
  return isGroup(conversation) && isAtLeast(actor, 'admin');
}

export function mayAddMembers(conversation: Kind, actor: Actor): boolean {
  return isGroup(conversation) && isAtLeast(actor, 'admin');
}

/** Whoever is in a group may leave it; an admin removes members, an owner anybody. */
export function mayRemoveMember(conversation: Kind, actor: Actor, target: Actor): boolean {
  if (!isGroup(conversation)) return false;
  if (actor.userId === target.userId || actor.role === 'owner') return true;
  return isAtLeast(actor, 'admin') && target.role === 'member';
}

/** Nobody changes his own role: a group would lose its only owner. */
export function maySetRole(conversation: Kind, actor: Actor, target: Actor): boolean {
  return isGroup(conversation) && actor.role === 'owner' && actor.userId !== target.userId;
}

/** System messages are the conversation's history and stay as they are. */
export function mayEditMessage(row: Pick<ChatRow, 'senderId' | 'type'>, user: UserId): boolean {
  return row.senderId === user && row.type !== 'system';
}

export function mayDeleteMessage(conversation: Kind, row: Pick<ChatRow, 'senderId' | 'type'>, actor: Actor): boolean {
  if (row.type === 'system') return false;
  return row.senderId === actor.userId || (isGroup(conversation) && isAtLeast(actor, 'admin'));
}

function isGroup({ type }: Kind): boolean {
  return type === 'group';
}

function isAtLeast({ role }: Actor, least: MemberRole): boolean {
  return memberRoles.indexOf(role) >= memberRoles.indexOf(least);
}
