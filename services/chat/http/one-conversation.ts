import { conversationDto } from '#shared/schemas/chat.ts';
import { mayRename } from '../domain/permissions.ts';
import { toConversationDto } from '../domain/present.ts';
import { allow, noConversation, viewOf } from './access.ts';
import { conversationName } from './bodies.ts';
import { ofConversation } from './params.ts';
import { route } from './route.ts';

const path = '/api/chat/conversations/:id';

export const readConversation = route({
  method: 'get',
  path,
  name: 'readConversation',
  tag: 'conversations',
  summary: 'One of the own conversations',
  params: ofConversation,
  answers: { 200: conversationDto },
  refuses: ['not_found'],
  async answer({ store }, { user, params, epoch }) {
    return { body: toConversationDto(await viewOf(store, params.id, user), epoch) };
  },
});

export const renameConversation = route({
  method: 'put',
  path,
  name: 'renameConversation',
  tag: 'conversations',
  summary: 'Name a group, as its owner or admin',
  params: ofConversation,
  body: conversationName,
  answers: { 200: conversationDto },
  refuses: ['forbidden', 'not_found'],
  async answer({ store, outbox }, { user, params, body, epoch }) {
    const view = await viewOf(store, params.id, user);
    allow(mayRename(view.conversation, view.own), 'only owners and admins rename a group');
    const changed = await store.rename(view.conversation.id, user, body.name);
    if (!changed) throw noConversation();
    if (changed.row) outbox.written({ ...changed, row: changed.row }, epoch, view);
    return { body: toConversationDto(await viewOf(store, params.id, user), epoch) };
  },
});
