import type { UserId } from '#shared/contract/ids.ts';
import type { StreamMembership } from '#shared/contract/internal-calls.ts';
import type { Delivery, Place } from '#shared/stream/position.ts';

/**
 * What was heard of somebody who may be in: as of which version, and the seq of the first row that is for him if he is
 * new; undefined: whatever comes next is.
 */
export type Suspicion = {
  readonly version: number;
  readonly since: number | undefined;
  /** That version is the one that changed his own place: no row before it is for him. @default false */
  readonly isOwn?: boolean;
};

/** `since`: the seq of the first row that is for him; undefined: whatever comes next is. */
export type Joined = { readonly user: UserId; readonly since: number | undefined };

export type GateChange = { readonly joined: readonly Joined[]; readonly left: readonly UserId[] };

/** What `source.members` answers of one stream. */
export type MembersNow = Omit<StreamMembership, 'stream'> & {
  readonly epoch: string;
  readonly users: readonly UserId[];
  readonly all: readonly UserId[] | null;
};

const nobody = -1;

/**
 * Who of this worker's users is in one conversation, and as of which version of its membership. A row of a newer version
 * waits, and all that follow it, until the members were read again: nobody gets a row on doubt. Pure: no I/O, no time.
 */
export class MemberGate {
  /** Of each: the version as of which he is known to be in. */
  readonly #versions = new Map<UserId, number>();
  /** Users who may be in, to be asked about. */
  readonly #suspects = new Map<UserId, Omit<Suspicion, 'isOwn'> & { readonly from: number }>();
  #known = nobody;
  #needed = 0;
  #held: Delivery[] = [];
  #heldFrom: Place | undefined;

  get users(): Iterable<UserId> {
    return this.#versions.keys();
  }

  /** Whom to ask about. */
  get asked(): readonly UserId[] {
    return [...new Set([...this.#versions.keys(), ...this.#suspects.keys()])];
  }

  get isEmpty(): boolean {
    return this.#versions.size === 0 && this.#suspects.size === 0;
  }

  /** Nothing newer than what is known has been seen. */
  get isOpen(): boolean {
    return this.#needed <= this.#known;
  }

  /** Something is to be asked. */
  get isWanting(): boolean {
    return !this.isEmpty && (!this.isOpen || this.#suspects.size > 0);
  }

  /** The version as of which everybody here is known to be in. */
  get version(): number {
    return this.#known;
  }

  get heldRows(): number {
    return this.#held.length;
  }

  has(user: UserId): boolean {
    return this.#versions.has(user);
  }

  versionOf(user: UserId): number | undefined {
    return this.#versions.get(user);
  }

  /** How far rows went to clients, where the position stands at `place`. */
  handedOn(place: Place | undefined): Place | undefined {
    return this.#heldFrom ?? place;
  }

  /** A version was seen. */
  need(version: number): void {
    this.#needed = Math.max(this.#needed, version);
  }

  /**
   * Who may be in; of several suspicions the newest version counts, and the earliest row since his place changed: a row from
   * while he was out may be addressed to him all the same, by a service that looked for the members after his return.
   */
  suspect(user: UserId, { version, since, isOwn = false }: Suspicion): void {
    // One who is in may have been out and come back since.
    if (version <= (this.#versions.get(user) ?? nobody)) return;
    const known = this.#suspects.get(user);
    const from = Math.max(isOwn ? version : nobody, known?.from ?? nobody);
    const sinces = [since, known?.since].filter((it) => it !== undefined && it >= from);
    this.#suspects.set(user, {
      version: Math.max(version, known?.version ?? nobody),
      since: sinces.length > 0 ? Math.min(...(sinces as number[])) : undefined,
      from,
    });
  }

  /** From which row on the suspect gets them. */
  sinceOf(user: UserId): number | undefined {
    return this.#suspects.get(user)?.since;
  }

  /** Nothing confirms the suspects: they are given up. */
  clearSuspects(): void {
    this.#suspects.clear();
  }

  /** He is in as of `version`. False when he was before. */
  join(user: UserId, version: number): boolean {
    const isNew = this.#put(user, version);
    this.#recount();
    return isNew;
  }

  leave(user: UserId): void {
    this.#suspects.delete(user);
    this.#versions.delete(user);
    this.#recount();
  }

  /** Whether these may be handed on now. If not they are kept, and so is all that comes after, until `release`. */
  offer(deliveries: readonly Delivery[], before: Place): boolean {
    for (const { row } of deliveries) this.need(row.members);
    if (this.isOpen && this.#held.length === 0) return true;
    this.#heldFrom ??= before;
    this.#held.push(...deliveries);
    return false;
  }

  /** What was kept, as soon as it may go. */
  release(): readonly Delivery[] {
    return this.isOpen ? this.dropHeld().rows : [];
  }

  /** Forgets what is kept. `from`: the place that it began at. */
  dropHeld(): { readonly rows: readonly Delivery[]; readonly from: Place | undefined } {
    const dropped = { rows: this.#held, from: this.#heldFrom };
    this.#held = [];
    this.#heldFrom = undefined;
    return dropped;
  }

  /** The answer about `asked`. Whoever was not asked about stays as he is, but for those in `all`. */
  settle(asked: readonly UserId[], { version, users, all }: Omit<MembersNow, 'epoch'>): GateChange {
    const members = new Set([...users, ...(all ?? [])]);
    const left: UserId[] = [];
    const joined: Joined[] = [];
    for (const user of asked) {
      const suspicion = this.#suspects.get(user);
      if (members.has(user)) {
        if (this.#put(user, version)) joined.push({ user, since: suspicion?.since });
        continue;
      }
      if (this.#versions.delete(user)) left.push(user);
      // Unless the answer is older than what was heard of him.
      if (suspicion && suspicion.version <= version) this.#suspects.delete(user);
    }
    this.#recount();
    return { joined, left };
  }

  /** Another life of the stream: versions of the old one mean nothing. */
  reset(): void {
    this.dropHeld();
    this.#needed = 0;
    for (const user of this.#versions.keys()) this.#versions.set(user, nobody);
    this.#recount();
  }

  #put(user: UserId, version: number): boolean {
    const known = this.#versions.get(user);
    this.#suspects.delete(user);
    this.#versions.set(user, Math.max(version, known ?? nobody));
    return known === undefined;
  }

  #recount(): void {
    let known = Number.POSITIVE_INFINITY;
    for (const version of this.#versions.values()) known = Math.min(known, version);
    this.#known = this.#versions.size === 0 ? nobody : known;
  }
}
