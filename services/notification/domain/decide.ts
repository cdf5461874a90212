import type { UserId } from '#shared/contract/ids.ts';
import type { NotificationType } from '#shared/contract/notification-dto.ts';
import type { UserActionType, UserInteractionEvent } from '#shared/contract/user-interaction-event.ts';
import type { NotificationContent } from './notification-row.ts';

export type DropReason = 'no_recipient' | 'self' | 'not_notifiable';
export type Decision = { readonly notify: NotificationContent } | { readonly drop: DropReason };

const typeOfAction: Partial<Record<UserActionType, NotificationType>> = {
  Like: 'Like',
  Comment: 'Comment',
  Reply: 'Reply',
};

/** Whom an interaction is told to, if anybody. */
export function decide(event: UserInteractionEvent): Decision {
  const recipientId: UserId | null = event.targetUserId;
  if (!recipientId) return { drop: 'no_recipient' };
  if (recipientId === event.userId) return { drop: 'self' };
  const type = typeOfAction[event.actionType];
  if (!type) return { drop: 'not_notifiable' };
  return {
    notify: {
      recipientId,
      actorId: event.userId,
      actorName: event.actorName ?? 'Unknown',
      actorAvatar: event.actorAvatar ?? '',
      entityId: event.targetId,
      entityType: event.targetType,
      type,
    },
  };
}
