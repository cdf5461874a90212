import { mayRename } from '../domain/permissions.ts';
import { toConversationDto } from '../domain/present.ts';
import { allow, noConversation, viewOf } from './access.ts';
import { conversationName } from './bodies.ts';
import { route } from './route.ts';

const path = '/api/chat/conversations/:id';

export const readConversation = route({
  method: 'get',
  path,
  async answer({ store }, { user, param }) {
    const epoch = await store.epoch();
    return { body: toConversationDto(await viewOf(store, param('id'), user), epoch) };
  },
});

export const renameConversation = route({
  method: 'put',
  path,
  body: conversationName,
  async answer({ store, outbox }, { user, param, body }) {
    const view = await viewOf(store, param('id'), user);
    allow(mayRename(view.conversation, view.own), 'only owners and admins rename a group');
    const changed = await store.rename(view.conversation.id, user, body.name);
    if (!changed) throw noConversation();
    if (changed.row) outbox.written({ ...changed, row: changed.row }, view);
    const epoch = await store.epoch();
    return { body: toConversationDto(await viewOf(store, param('id'), user), epoch) };
  },
});
