import type { Backplane } from '#shared/backplane/backplane.ts';
import type { StreamId } from '#shared/contract/ids.ts';
import { streamChannel, userChannel } from '#shared/contract/names.ts';
import { encodeSignalFrame } from '#shared/contract/signal-frame.ts';
import type { Clock } from '#shared/runtime/clock.ts';
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
  /** Reads who is in the conversation; `flush` is called after. */
  readonly wantMembers: (entry: ConversationEntry) => void;
};

type Told = { startedAt: number; isTyping: boolean };

/** Conversations in which one client types at a time. */
const maxConversations = 16;
/** What waited longer says nothing any more. */
const freshMs = 3_000;

/** Who types where: passed on to the other members, coalesced per client and conversation, and dropped wherever it is hard. */
export class Typing {
  readonly #options: TypingOptions;
  readonly #told = new WeakMap<Member, Map<StreamId, Told>>();

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  started(member: Member, stream: StreamId): void {
    const entry = this.#entryFor(member, stream);
    if (!entry) return;
    const now = this.#options.clock.now();
    const told = this.#told.get(member) ?? new Map<StreamId, Told>();
    this.#told.set(member, told);
    const last = told.get(stream);
    if (last && now - last.startedAt < this.#options.limits.typingEveryMs) {
      this.#ignore('too_often');
      return;
    }
    told.delete(stream);
    if (told.size >= maxConversations) this.#forgetOver(told, now);
    if (told.size >= maxConversations) {
      this.#ignore('too_many');
      return;
    }
    told.set(stream, { startedAt: now, isTyping: true });
    this.#tell(entry, { kind: 'typing', stream, user: member.user });
  }

  stopped(member: Member, stream: StreamId): void {
    const told = this.#told.get(member)?.get(stream);
    if (!told?.isTyping) return;
    told.isTyping = false;
    const entry = this.#entryFor(member, stream);
    if (entry) this.#tell(entry, { kind: 'stoppedTyping', stream, user: member.user });
  }

  /** The client is gone, and so is what it was typing. */
  left(member: Member): void {
    for (const [stream] of this.#told.get(member) ?? []) this.stopped(member, stream);
    this.#told.delete(member);
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
    for (const [stream, { startedAt, isTyping }] of told) {
      if (!isTyping && now - startedAt >= typingEveryMs) told.delete(stream);
    }
  }

  #ignore(reason: 'no_member' | 'too_often' | 'too_many'): void {
    this.#options.metrics.typingIgnored.inc({ reason });
  }
}

/** undefined: not known as of the present membership. */
function channelsOf({ large, stream, audience, gate }: ConversationEntry, { user }: TypingFrame) {
  if (large) return [streamChannel(stream)];
  if (!audience?.all || audience.version < gate.version) return undefined;
  return audience.all.filter((other) => other !== user).map(userChannel);
}
