import type { Backplane } from '#shared/backplane/backplane.ts';
import type { StreamId, UserId } from '#shared/contract/ids.ts';
import { streamChannel, userChannel } from '#shared/contract/names.ts';
import { encodeSignalFrame } from '#shared/contract/signal-frame.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { ChatUser } from './chat-user.ts';
import type { ConversationEntry, TypingFrame } from './conversation-entry.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Member } from './member.ts';

export type TypingOptions = {
  readonly backplane: Backplane;
  readonly clock: Clock;
  readonly limits: Pick<HubLimits, 'typingEveryMs'>;
  readonly metrics: HubMetrics;
  readonly find: (stream: StreamId) => ConversationEntry | undefined;
  /** One who is here. */
  readonly findUser: (user: UserId) => ChatUser | undefined;
  /** Reads who is in the conversation; `flush` is called after. */
  readonly wantMembers: (entry: ConversationEntry) => void;
};

/** What was told of one user in one conversation, and which of his clients type there; none: nothing is left to be told. */
type Told = { startedAt: number; readonly typists: Set<Member> };

/** Conversations in which one user types at a time. */
const maxConversations = 16;
/** Users of this worker who are told to type in one conversation at a time: else a crowd costs its square. */
const maxTypists = 8;
/** Whoever said nothing for so long takes nobody's turn. */
const typistMs = 6_000;
/** What waited longer says nothing any more. */
const freshMs = 3_000;

/**
 * Who types where: passed on to the other members, coalesced per user and conversation however many clients he has here,
 * and dropped wherever it is hard.
 */
export class Typing {
  readonly #options: TypingOptions;
  /** Lives for the linger time after the last client: who comes anew at once is no less limited. */
  readonly #told = new WeakMap<ChatUser, Map<StreamId, Told>>();

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  started(member: Member, stream: StreamId): void {
    const entry = this.#entryFor(member, stream);
    const user = this.#options.findUser(member.user);
    if (!entry || !user) return;
    const now = this.#options.clock.now();
    const told = this.#told.get(user) ?? new Map<StreamId, Told>();
    this.#told.set(user, told);
    const last = told.get(stream);
    if (last && now - last.startedAt < this.#options.limits.typingEveryMs) {
      if (last.typists.size > 0) last.typists.add(member);
      this.#ignore('too_often');
      return;
    }
    if (!last && told.size >= maxConversations) this.#forgetOver(told, now);
    if (!last && told.size >= maxConversations) {
      this.#ignore('too_many');
      return;
    }
    if (!takesTurn(entry.typists, member.user, now)) {
      this.#ignore('crowd');
      return;
    }
    told.set(stream, { startedAt: now, typists: (last?.typists ?? new Set()).add(member) });
    this.#tell(entry, { kind: 'typing', stream, user: member.user });
  }

  stopped(member: Member, stream: StreamId): void {
    const user = this.#options.findUser(member.user);
    const told = user && this.#told.get(user)?.get(stream);
    if (!told?.typists.delete(member) || told.typists.size > 0) return;
    this.#options.find(stream)?.typists.delete(member.user);
    const entry = this.#entryFor(member, stream);
    if (entry) this.#tell(entry, { kind: 'stoppedTyping', stream, user: member.user });
  }

  /** The client is gone, and so is what it was typing. */
  left(member: Member): void {
    const user = this.#options.findUser(member.user);
    for (const [stream] of (user && this.#told.get(user)) ?? []) this.stopped(member, stream);
  }

  /** The members were read. */
  flush(entry: ConversationEntry): void {
    const waiting = [...entry.typing.values()];
    entry.typing.clear();
    for (const { frame, at } of waiting) {
      if (this.#options.clock.now() - at <= freshMs) this.#publish(entry, frame);
    }
  }

  /** Members only, and nobody whose membership is in doubt. */
  #entryFor(member: Member, stream: StreamId): ConversationEntry | undefined {
    const entry = this.#options.find(stream);
    if (entry?.gate.isOpen && entry.gate.has(member.user)) return entry;
    this.#ignore('no_member');
    return undefined;
  }

  #tell(entry: ConversationEntry, frame: TypingFrame): void {
    if (this.#publish(entry, frame)) return;
    entry.typing.set(frame.user, { frame, at: this.#options.clock.now() });
    this.#options.wantMembers(entry);
  }

  /** False while nobody knows whom to tell. */
  #publish(entry: ConversationEntry, frame: TypingFrame): boolean {
    const { backplane } = this.#options;
    const channels = channelsOf(entry, frame);
    if (!channels) return false;
    // Droppable: nobody waits for it, and the next one tells anew.
    if (backplane.state === 'up') backplane.publishMany(channels, encodeSignalFrame(frame)).catch(() => {});
    return true;
  }

  #forgetOver(told: Map<StreamId, Told>, now: number): void {
    const { typingEveryMs } = this.#options.limits;
    for (const [stream, { startedAt, typists }] of told) {
      if (typists.size === 0 && now - startedAt >= typingEveryMs) told.delete(stream);
    }
  }

  #ignore(reason: 'crowd' | 'no_member' | 'too_often' | 'too_many'): void {
    this.#options.metrics.typingIgnored.inc({ reason });
  }
}

/** Whether one more may be told to type: there are few, or he is one of them. */
function takesTurn(typists: Map<UserId, number>, user: UserId, now: number): boolean {
  for (const [other, at] of typists) if (now - at >= typistMs) typists.delete(other);
  if (typists.size >= maxTypists && !typists.has(user)) return false;
  typists.set(user, now);
  return true;
}

/** undefined: not known as of the present membership. */
function channelsOf({ large, stream, audience, gate }: ConversationEntry, { user }: TypingFrame) {
  if (large) return [streamChannel(stream)];
  if (!audience?.all || audience.version < gate.version) return undefined;
  return audience.all.filter((other) => other !== user).map(userChannel);
}
