import type { MemberRole, SystemMessage } from '#shared/contract/chat-dto.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { newObjectId } from '#shared/store/object-id.ts';
import type { Changed, Created, NewConversation } from './chat-store.ts';
import type { SqliteConversations } from './sqlite-conversations.ts';
import type { SqliteRows } from './sqlite-rows.ts';
import {
  firstMembers,
  memberRole,
  newConversationState,
  ownerRole,
  pairKey,
  roleOrdinal,
  type StoredConversation,
  type StoredMember,
  storedHead,
  toConversation,
} from './stored-conversation.ts';
import { draftOfSystem, newRow, type StoredMessage, toChatRow, toMessageRow } from './stored-message.ts';

/** Who is in, inside a write of the caller's: places and the row that tells of them are one transaction. */
export class SqliteMemberships {
  readonly #conversations: SqliteConversations;
  readonly #rows: SqliteRows;
  readonly #clock: Clock;

  constructor(conversations: SqliteConversations, rows: SqliteRows, clock: Clock) {
    this.#conversations = conversations;
    this.#rows = rows;
    this.#clock = clock;
  }

  create(conversation: NewConversation): Created | undefined {
    const now = this.#clock.now();
    const id = newObjectId(now);
    const known = this.#conversations.findPair(pairKey(conversation, id));
    if (known) return this.#openAgain(known, conversation);
    const begun = newConversationState(conversation, { id, now });
    const members = firstMembers(conversation, id, now);
    this.#conversations.add(begun);
    for (const member of members) this.#conversations.putPlace(member);
    const { row } = this.#tell(begun, conversation.creator, { action: 'created' }, members.length);
    const view = this.#conversations.view(id, conversation.creator);
    return view && { view, row: toChatRow(row), created: true };
  }

  /** Whoever has left a pair comes back to it. */
  #openAgain({ Id }: StoredConversation, { creator, others }: NewConversation): Created | undefined {
    this.add(Id, creator, [creator, ...others]);
    const view = this.#conversations.view(Id, creator);
    const row = this.#rows.findByNumber(Id, 1);
    return view && row && { view, row: toChatRow(row), created: false };
  }

  rename(id: string, actor: string, name: string): Changed | undefined {
    const conversation = this.#conversations.find(id);
    if (!conversation) return undefined;
    if (conversation.Name === name) return unchanged(conversation);
    this.#conversations.setName(id, name);
    return this.#changed({ ...conversation, Name: name }, actor, { action: 'renamed', name });
  }

  add(id: string, actor: string, users: readonly string[]): Changed | undefined {
    const conversation = this.#conversations.find(id);
    if (!conversation) return undefined;
    const added = [...new Set(users)].filter((user) => !this.#conversations.openPlace(id, user));
    if (added.length === 0) return unchanged(conversation);
    const now = this.#clock.now();
    for (const user of added) {
      this.#conversations.putPlace({
        ConversationId: id,
        UserId: user,
        Present: true,
        Role: memberRole,
        JoinedAt: now,
        // What was there before is nothing new to whoever comes.
        ReadThrough: conversation.HeadNumber,
        ChangedAt: now,
      });
    }
    return this.#changed(conversation, actor, { action: 'added', userIds: added as never[] }, added.length);
  }

  remove(id: string, actor: string, user: string): Changed | undefined {
    const conversation = this.#conversations.find(id);
    if (!conversation) return undefined;
    const place = this.#conversations.openPlace(id, user);
    if (!place) return unchanged(conversation);
    this.#conversations.putPlace({ ...place, Present: false, ChangedAt: this.#clock.now() });
    if (place.Role === ownerRole) this.#handOver(id);
    const system =
      actor === user ? { action: 'left' as const } : { action: 'removed' as const, userIds: [user as never] };
    return this.#changed(conversation, actor, system, -1);
  }

  #handOver(id: string): void {
    const heir = this.#conversations.highestInRank(id);
    if (heir && heir.Role !== ownerRole) this.#setRole(heir, ownerRole);
  }

  setRole(id: string, actor: string, user: string, role: MemberRole): Changed | undefined {
    const conversation = this.#conversations.find(id);
    if (!conversation) return undefined;
    const place = this.#conversations.openPlace(id, user);
    if (!place || place.Role === roleOrdinal(role)) return unchanged(conversation);
    this.#setRole(place, roleOrdinal(role));
    if (place.Role === ownerRole) this.#handOver(id);
    return this.#changed(conversation, actor, { action: 'role', userIds: [user as never], role });
  }

  #setRole(place: StoredMember, role: number): void {
    this.#conversations.putPlace({ ...place, Role: role, ChangedAt: this.#clock.now() });
  }

  #changed(conversation: StoredConversation, actor: string, system: SystemMessage, joined?: number): Changed {
    const told = this.#tell(conversation, actor, system, joined);
    return { conversation: toConversation(told.conversation), row: toMessageRow(told.row) };
  }

  #tell(conversation: StoredConversation, actor: string, system: SystemMessage, joined?: number): Told {
    const now = this.#clock.now();
    const draft = draftOfSystem({ id: newObjectId(now), conversationId: conversation.Id, actor, system, at: now });
    const row = newRow(draft, storedHead(conversation), joined);
    this.#rows.add(row);
    return { row, conversation: this.#conversations.advance(conversation, row, now) };
  }
}

type Told = { readonly row: StoredMessage; readonly conversation: StoredConversation };

function unchanged(conversation: StoredConversation): Changed {
  return { conversation: toConversation(conversation), row: undefined };
}
