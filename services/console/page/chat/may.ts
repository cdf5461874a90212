import type { ConversationDto, MemberRole, ParticipantDto } from '#shared/contract/chat-dto.ts';
import { isGroup } from './chat-wording.ts';

// What the server allows, so that nobody is offered what will be refused. The server decides all the same.

type Kind = Pick<ConversationDto, 'type'>;

/** Rename it, add people, delete what others wrote. */
export function mayManage(conversation: Kind, role: MemberRole | undefined): boolean {
  return isGroup(conversation) && (role === 'owner' || role === 'admin');
}

export function mayRemove(
  conversation: Kind,
  role: MemberRole | undefined,
  target: Pick<ParticipantDto, 'role'>,
): boolean {
  if (!isGroup(conversation)) return false;
  return role === 'owner' || (role === 'admin' && target.role === 'member');
}

export function maySetRoles(conversation: Kind, role: MemberRole | undefined): boolean {
  return isGroup(conversation) && role === 'owner';
}
