import { z } from 'zod';
import { PlatformError } from '#shared/contract/errors.ts';
import { isUserId } from '#shared/contract/ids.ts';
import { limitField, parsedField } from '#shared/http/query-fields.ts';
import { conversationDto, participantDto } from '#shared/schemas/chat.ts';
import { nothing } from '#shared/schemas/errors.ts';
import type { ConversationView, Member } from '../domain/conversation.ts';
import { formatPlace, parseMemberPlace } from '../domain/list-place.ts';
import { mayAddMembers, mayRemoveMember, maySetRole } from '../domain/permissions.ts';
import { toConversationDto, toParticipantDto } from '../domain/present.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { allow, noConversation, noParticipant, viewOf } from './access.ts';
import { participantRole, participants } from './bodies.ts';
import { ofConversation, ofParticipant } from './params.ts';
import { requireFriends } from './require-friends.ts';
import { route } from './route.ts';

const path = '/api/chat/conversations/:id/participants';

/** `?limit=` (default 100, capped at 500), `?after=` what the last page's `X-Next-After` said. */
export const listParticipants = route({
  method: 'get',
  path,
  name: 'listParticipants',
  tag: 'participants',
  summary: 'List who is in a conversation, the longest-standing first',
  params: ofConversation,
  query: z.object({
    limit: limitField({ default: 100, cap: 500 }),
    after: parsedField(parseMemberPlace, 'must be a place that we gave out')
      .meta({ description: 'what `X-Next-After` of the last page said' })
      .optional(),
  }),
  answers: { 200: z.array(participantDto) },
  headers: { 'X-Next-After': '`after` of the next page; absent at the end' },
  refuses: ['not_found'],
  async answer({ store }, { user, params, query: { limit, after } }) {
    const { conversation } = await viewOf(store, params.id, user);
    const members = await store.members(conversation.id, { after, limit });
    await viewOf(store, conversation.id, user);
    const last = members.length === limit ? members.at(-1) : undefined;
    return {
      headers: last ? { 'X-Next-After': formatPlace(last.joinedAt, last.userId) } : {},
      body: members.map(toParticipantDto),
    };
  },
});

export const addParticipants = route({
  method: 'post',
  path,
  name: 'addParticipants',
  tag: 'participants',
  summary: 'Add people to a group, as its owner or admin',
  params: ofConversation,
  body: participants,
  answers: { 200: conversationDto },
  refuses: ['forbidden', 'not_found'],
  async answer({ store, outbox, signals, friends, maxMembers }, { user, params, body, epoch }) {
    const view = await viewOf(store, params.id, user);
    const { id } = view.conversation;
    allow(mayAddMembers(view.conversation, view.own), 'only owners and admins add people to a group');
    const asked = [...new Set(body.userIds)];
    const known = await store.membersAmong(id, asked);
    const users = asked.filter((asking) => !known?.users.includes(asking));
    requireRoom(view, users.length, maxMembers);
    await requireFriends(friends, user, users);
    const changed = await store.addMembers(id, user, users);
    if (!changed) throw noConversation();
    if (changed.row) {
      outbox.written({ ...changed, row: changed.row }, epoch, view);
      signals.membership(changed.row);
    }
    return { body: toConversationDto(await viewOf(store, id, user), epoch) };
  },
});

/** Oneself: leave. */
export const removeParticipant = route({
  method: 'delete',
  path: `${path}/:userId`,
  name: 'removeParticipant',
  tag: 'participants',
  summary: 'Remove somebody from a group; oneself: leave',
  params: ofParticipant,
  answers: { 200: nothing },
  refuses: ['forbidden', 'not_found'],
  async answer({ store, outbox, signals }, { user, params, epoch }) {
    const view = await viewOf(store, params.id, user);
    const target = await memberOf(store, view, params.userId);
    allow(mayRemoveMember(view.conversation, view.own, target), 'you may not remove this participant');
    const changed = await store.removeMember(view.conversation.id, user, target.userId);
    if (!changed) throw noConversation();
    if (changed.row) {
      outbox.written({ ...changed, row: changed.row }, epoch, view);
      signals.membership(changed.row);
    }
    return { body: {} };
  },
});

export const setParticipantRole = route({
  method: 'put',
  path: `${path}/:userId`,
  name: 'setParticipantRole',
  tag: 'participants',
  summary: 'Change what somebody may do, as an owner',
  params: ofParticipant,
  body: participantRole,
  answers: { 200: participantDto },
  refuses: ['forbidden', 'not_found'],
  async answer({ store, outbox }, { user, params, body, epoch }) {
    const view = await viewOf(store, params.id, user);
    const target = await memberOf(store, view, params.userId);
    allow(maySetRole(view.conversation, view.own, target), 'only owners change roles, and not their own');
    const changed = await store.setRole(view.conversation.id, user, target.userId, body.role);
    if (!changed) throw noParticipant();
    // Without the view of before: it shows the old role.
    if (changed.row) outbox.written({ ...changed, row: changed.row }, epoch);
    // Read again: another change at the same instant may have made him an owner.
    return { body: toParticipantDto(await memberOf(store, view, target.userId)) };
  },
});

async function memberOf(store: ChatStore, { conversation, own }: ConversationView, id: string): Promise<Member> {
  if (id === own.userId) return own;
  const view = isUserId(id) ? await store.view(conversation.id, id) : undefined;
  if (!view) throw noParticipant();
  return view.own;
}

/** Requests that race may end a little above the cap. */
function requireRoom({ conversation }: ConversationView, added: number, maxMembers: number): void {
  const wanted = conversation.memberCount + added;
  if (wanted <= maxMembers) return;
  throw new PlatformError('bad_request', `a group has at most ${maxMembers} members, this would make ${wanted}`);
}
