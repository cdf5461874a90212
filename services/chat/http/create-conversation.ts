import { conversationTypes } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { conversationDto } from '#shared/schemas/chat.ts';
import { toConversationDto } from '../domain/present.ts';
import { newConversation } from './bodies.ts';
import { requireFriends } from './require-friends.ts';
import { route } from './route.ts';

/** 201, or 200 for a private pair that has its conversation already. */
export const createConversation = route({
  method: 'post',
  path: '/api/chat/conversations',
  name: 'createConversation',
  tag: 'conversations',
  summary: 'Begin a conversation; a private pair that has one gets it with 200',
  body: newConversation,
  answers: { 200: conversationDto, 201: conversationDto },
  refuses: ['forbidden'],
  async answer({ store, outbox, signals, friends, maxMembers }, { user, body, epoch }) {
    const type = conversationTypes[body.type];
    const others = [...new Set(body.participantIds)].filter((id) => id !== user);
    if (type === 'private') requirePair(others.length, body.name);
    if (others.length >= maxMembers) {
      throw new PlatformError('bad_request', `a group has at most ${maxMembers} members, got ${others.length + 1}`);
    }
    await requireFriends(friends, user, others);
    const creation = { type, creator: user, others, name: body.name ?? null };
    const { view, row, created } = await store.createConversation(creation);
    if (created) {
      outbox.written({ row, conversation: view.conversation }, epoch, view);
      signals.membership(row, [user, ...others]);
    }
    return { status: created ? 201 : 200, body: toConversationDto(view, epoch) };
  },
});

function requirePair(others: number, name: string | null | undefined): void {
  if (others !== 1) throw new PlatformError('bad_request', `participantIds must name one other user, got ${others}`);
  if (name) throw new PlatformError('bad_request', 'name must be absent in a private conversation');
}
