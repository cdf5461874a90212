import { PlatformError } from '#shared/contract/errors.ts';
import { messageDto } from '#shared/schemas/chat.ts';
import { nothing } from '#shared/schemas/errors.ts';
import { mayDeleteMessage, mayEditMessage } from '../domain/permissions.ts';
import { toMessageDto } from '../domain/present.ts';
import { allow, messageOf, noMessage } from './access.ts';
import { isContentOf, messageContent, urlRule } from './bodies.ts';
import { ofMessage } from './params.ts';
import { route } from './route.ts';

const path = '/api/chat/messages/:id';

export const editMessage = route({
  method: 'put',
  path,
  name: 'editMessage',
  tag: 'messages',
  summary: 'Change what an own message says',
  params: ofMessage,
  body: messageContent,
  answers: { 200: messageDto },
  refuses: ['forbidden', 'not_found'],
  async answer({ store, outbox }, { user, params, body, epoch }) {
    const { row, view } = await messageOf(store, params.id, user);
    allow(mayEditMessage(row, user), 'only its sender edits a message');
    if (!isContentOf(row.type, body.content)) throw new PlatformError('bad_request', `content ${urlRule()}`);
    const edited = await store.edit(row.id, body.content);
    if (!edited) throw noMessage();
    if (edited.changed) outbox.written(edited, epoch, view);
    return { body: toMessageDto(edited.row) };
  },
});

export const deleteMessage = route({
  method: 'delete',
  path,
  name: 'deleteMessage',
  tag: 'messages',
  summary: 'Delete an own message, or any of a group as its admin',
  params: ofMessage,
  answers: { 200: nothing },
  refuses: ['forbidden', 'not_found'],
  async answer({ store, outbox }, { user, params, epoch }) {
    const { row, view } = await messageOf(store, params.id, user);
    const refusal = 'only its sender, or an admin of the group, deletes a message';
    allow(mayDeleteMessage(view.conversation, row, view.own), refusal);
    const deleted = await store.delete(row.id);
    if (!deleted) throw noMessage();
    if (deleted.changed) outbox.written(deleted, epoch, view);
    return { body: {} };
  },
});
