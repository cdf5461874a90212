import { randomUUID } from 'node:crypto';
import type { UserId } from '#shared/contract/ids.ts';
import type { NewNotification } from './notification-store.ts';

/** Somebody whom no other test knows. */
export function newUser(name = 'alice'): UserId {
  return `${name}-${randomUUID()}` as UserId;
}

export function notification(recipientId: UserId, content: Partial<NewNotification> = {}): NewNotification {
  return {
    messageId: randomUUID(),
    recipientId,
    actorId: 'bob' as UserId,
    actorName: 'Bob',
    actorAvatar: '',
    entityId: 'post-1',
    entityType: 'Post',
    type: 'Like',
    ...content,
  };
}
