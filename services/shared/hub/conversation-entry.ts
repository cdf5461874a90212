import type { ConversationId, StreamId, UserId } from '#shared/contract/ids.ts';
import type { ConversationNews } from '#shared/contract/push-frame.ts';
import type { SignalFrame } from '#shared/contract/signal-frame.ts';
import type { Timer } from '#shared/runtime/clock.ts';
import type { Place } from '#shared/stream/position.ts';
import { Absences } from './absences.ts';
import type { Member } from './member.ts';
import { MemberGate } from './member-gate.ts';
import { StreamEntry } from './stream-entry.ts';

export type TypingFrame = Extract<SignalFrame, { readonly kind: 'typing' | 'stoppedTyping' }>;

/** Nothing up to `seq` is for that member, and no row up to `number` is new; undefined: the row after `seq` will tell. */
export type Floor = { readonly seq: number; number: number | undefined };

/** What this worker knows of one conversation. */
export class ConversationEntry extends StreamEntry {
  readonly conversation: ConversationId;
  readonly gate = new MemberGate();
  /** Rows come on its own channel, for ever. */
  large = false;
  /** What some members don't get again when the stream is gone back in for another, or never as those who came later. */
  readonly floors = new Map<Member, Floor>();
  readonly absences = new Absences({ versionOf: (user) => this.gate.versionOf(user) });
  /** All its members, as of that version; null: it is large. */
  audience: { readonly version: number; readonly all: readonly UserId[] | null } | undefined;
  /** Waits for `audience`. */
  readonly typing = new Map<UserId, { readonly frame: TypingFrame; readonly at: number }>();
  /** Users of this worker who were told to type, and when. */
  readonly typists = new Map<UserId, number>();
  /** Not handed out before all rows up to `seq` are. */
  news: (ConversationNews & { readonly epoch: string }) | undefined;
  /** Of the last news that was handed out. */
  newsThrough = 0;
  /** Seqs of the last rows that were handed out as new. */
  readonly recentlyNew: number[] = [];
  /** Reads of its members in a row that did not tell enough. */
  vainReads = 0;
  readAgain: Timer | undefined;
  /** Epoch of the last place that it had; before the first, of what was asked. */
  #life: string | undefined;

  constructor(stream: StreamId, conversation: ConversationId) {
    super(stream);
    this.conversation = conversation;
  }

  get wantsMembers(): boolean {
    return !this.dropped && (this.gate.isWanting || this.typing.size > 0);
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.floors.delete(member);
  }

  /** Its place may be one of another life than the last: also where that was forgotten before the restore. */
  followLife(): void {
    const epoch = this.position.place?.epoch;
    if (epoch === undefined || epoch === this.#life) return;
    if (this.#life !== undefined) this.reset();
    this.#life = epoch;
  }

  /** Whether what was read of that epoch counts here. */
  isOfLife(epoch: string): boolean {
    this.#life ??= epoch;
    return this.#life === epoch;
  }

  /** The stream has a new life: nothing that is known of the old one counts. */
  reset(): void {
    this.gate.reset();
    this.floors.clear();
    this.absences.clear();
    this.recentlyNew.length = 0;
    this.audience = undefined;
    this.news = undefined;
    this.newsThrough = 0;
    this.parked = false;
  }

  /** How far rows went to clients. */
  get handedOn(): Place | undefined {
    return this.gate.handedOn(this.position.place);
  }
}
