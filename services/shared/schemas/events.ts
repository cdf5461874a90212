import { z } from 'zod';
import { messageTypes } from '#shared/contract/chat-dto.ts';
import type { MessageEvent } from '#shared/contract/message-event.ts';
import { targetTypes, userActionTypes } from '#shared/contract/user-interaction-event.ts';
import { conversationDto, messageDeleted, messageDto } from './chat.ts';
import { named } from './named.ts';
import { conversationId, count, objectId, ordinal, time, userId } from './values.ts';

export const messageEvent = named<MessageEvent>()(
  'MessageEvent',
  'A row of a conversation that took a seq: at least once per seq, in no promised order.',
  z.object({
    messageId: objectId,
    conversationId,
    senderId: userId,
    content: z.string().meta({ description: 'empty when it was deleted' }),
    type: ordinal(messageTypes),
    createdAt: time,
    isDeleted: z.boolean(),
    epoch: z.string(),
    seq: count,
    number: count,
    membersVersion: count,
    recipientIds: z.array(userId).nullable().meta({ description: 'null: the conversation is large' }),
    message: z.union([messageDto, messageDeleted]),
    conversation: conversationDto.nullable().meta({ description: 'null where nothing of it changed' }),
  }),
);

/** An enum of .NET: its ordinal, or its name. */
function enumValue(names: readonly [string, ...string[]]) {
  return z.union([ordinal(names), z.enum(names)]);
}

/** What we read of it; `parseUserInteractionEvent` forgives more: letter case, ordinals as text, absent fields. */
export const userInteractionEvent = z
  .object({
    userId: userId.meta({ description: 'who acted' }),
    targetId: z.string().max(4_096).meta({ description: 'the post or comment' }),
    targetType: enumValue(targetTypes),
    actionType: enumValue(userActionTypes),
    durationMs: z.int().optional(),
    timestamp: z.string().optional().meta({ description: 'ISO 8601' }),
    actorName: z.string().max(4_096).nullish(),
    actorAvatar: z.string().max(4_096).nullish(),
    targetUserId: userId.nullish().meta({ description: 'the recipient; without one nobody is told' }),
  })
  .meta({ id: 'UserInteractionEvent', description: 'Somebody did something with a post, a comment or a person.' });
