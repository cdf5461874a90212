import { z } from 'zod';
import { memberRoles, type messageTypes } from '#shared/contract/chat-dto.ts';
import { isUserId, maxUserIdLength, type UserId } from '#shared/contract/ids.ts';

export const maxContentLength = 10_000;
export const maxNameLength = 100;
const maxUrlLength = 2_048;
const maxClientIdLength = 128;
/** In one request; the cap on members is a setting. */
const maxUsersPerRequest = 1_000;

/** What is not well-formed would not come back from a store as it was sent. */
function text(maxLength: number, what: string) {
  const rule = `must be ${what} of 1–${maxLength.toLocaleString('en')} characters`;
  return z
    .string(rule)
    .min(1, rule)
    .max(maxLength, rule)
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode');
}

function notBlank(value: string): boolean {
  return value.trim().length > 0;
}

// A cast and no transform: those cost a schema its examples.
const userId = z
  .string('must be a user id')
  .min(1, 'must be a user id')
  .max(maxUserIdLength, 'must be a user id')
  .refine(isUserId, 'must be a user id') as unknown as z.ZodType<UserId>;
const userIds = z
  .array(userId, 'must be a list of user ids')
  .max(maxUsersPerRequest, `must name at most ${maxUsersPerRequest.toLocaleString('en')} users`);
const name = text(maxNameLength, 'text').refine(notBlank, 'must not be blank');
const content = text(maxContentLength, 'text').refine(notBlank, 'must not be blank');

export const newConversation = z
  .object({
    type: z.literal([0, 1], 'must be 0 (private) or 1 (group)'),
    participantIds: userIds,
    name: name.nullish(),
  })
  .meta({ id: 'NewConversation', examples: [{ type: 1, participantIds: ['bob', 'carol'], name: 'Hiking' }] });

export const conversationName = z.object({ name }).meta({ id: 'ConversationName', examples: [{ name: 'Climbing' }] });
export const participants = z
  .object({ userIds: userIds.min(1, 'must name somebody') })
  .meta({ id: 'NewParticipants', examples: [{ userIds: ['dave'] }] });
export const participantRole = z
  .object({ role: z.enum(memberRoles, `must be one of ${memberRoles.join(', ')}`) })
  .meta({ id: 'ParticipantRole', examples: [{ role: 'admin' }] });
export const messageContent = z
  .object({ content })
  .meta({ id: 'MessageContent', examples: [{ content: 'See you at eight.' }] });

export const newMessage = z
  .object({
    conversationId: text(64, 'an id'),
    content,
    type: z
      .literal([0, 1, 2], 'must be 0 (text), 1 (image) or 2 (file)')
      .meta({ description: '0 text, 1 image, 2 file: the content of those two is an http or https address' }),
    clientMessageId: text(maxClientIdLength, 'text')
      .nullish()
      .meta({ description: 'the same again is the same message; with another body it is a conflict' }),
  })
  .refine(({ type, content: url }) => type === 0 || isWebUrl(url), {
    path: ['content'],
    message: urlRule(),
  })
  .meta({
    id: 'NewMessage',
    examples: [{ conversationId: '6a1f0c2b9d3e4f5a6b7c8d9e', content: 'Hello', type: 0, clientMessageId: '0b5c9a3e' }],
  });

/** Whether a message of that type may say so. */
export function isContentOf(type: (typeof messageTypes)[number], value: string): boolean {
  return type === 'text' || isWebUrl(value);
}

export function urlRule(): string {
  return `must be an http or https address of at most ${maxUrlLength.toLocaleString('en')} characters`;
}

/** `URL` forgives blanks and control characters, which others read as something else. */
function isWebUrl(value: string): boolean {
  return value.length <= maxUrlLength && /^https?:\/\/[^\s\p{Cc}"'<>\\]+$/iu.test(value) && URL.canParse(value);
}
