import { PlatformError } from '#shared/contract/errors.ts';
import { mayDeleteMessage, mayEditMessage } from '../domain/permissions.ts';
import { toMessageDto } from '../domain/present.ts';
import { allow, messageOf, noMessage } from './access.ts';
import { isContentOf, messageContent, urlRule } from './bodies.ts';
import { route } from './route.ts';

const path = '/api/chat/messages/:id';

export const editMessage = route({
  method: 'put',
  path,
  body: messageContent,
  async answer({ store, outbox }, { user, param, body }) {
    const { row, view } = await messageOf(store, param('id'), user);
    allow(mayEditMessage(row, user), 'only its sender edits a message');
    if (!isContentOf(row.type, body.content)) throw new PlatformError('bad_request', `content ${urlRule()}`);
    const edited = await store.edit(row.id, body.content);
    if (!edited) throw noMessage();
    if (edited.changed) outbox.written(edited, view);
    return { body: toMessageDto(edited.row) };
  },
});

export const deleteMessage = route({
  method: 'delete',
  path,
  async answer({ store, outbox }, { user, param }) {
    const { row, view } = await messageOf(store, param('id'), user);
    const refusal = 'only its sender, or an admin of the group, deletes a message';
    allow(mayDeleteMessage(view.conversation, row, view.own), refusal);
    const deleted = await store.delete(row.id);
    if (!deleted) throw noMessage();
    if (deleted.changed) outbox.written(deleted, view);
    return { body: {} };
  },
});
