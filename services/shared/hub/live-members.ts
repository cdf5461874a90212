import type { RevokedTokens } from '#shared/auth/revocation-list.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { CloseReason } from './client-connection.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Member } from './member.ts';

export type LiveMembersOptions = {
  /** undefined: nobody's tokens are. */
  readonly revoked: RevokedTokens | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  /** Nothing more is for it, but it counts until it is gone. Called once or twice. */
  readonly onEnded: (member: Member) => void;
  readonly onGone: (member: Member) => void;
};

const reloadSpreadMs = 5_000;

/** The connections that are here, and how each of them ends. */
export class LiveMembers {
  readonly #options: LiveMembersOptions;
  readonly #members = new Set<Member>();
  #lookingForRevoked = false;

  constructor(options: LiveMembersOptions) {
    this.#options = options;
    options.revoked?.onRevoked(() => this.#closeRevokedSoon());
  }

  /** Live: shrinks as connections go. */
  get all(): ReadonlySet<Member> {
    return this.#members;
  }

  add(member: Member): void {
    const { connection, user, transport } = member;
    const protocol = connection.protocol.name;
    this.#members.add(member);
    this.#options.metrics.connections.inc({ protocol, transport });
    this.#options.log.info({ connection: connection.id, user, protocol, transport }, 'connected');
  }

  isRevoked({ principal }: Member): boolean {
    return this.#options.revoked?.isRevoked(principal) ?? false;
  }

  /** Safe to call twice. */
  close(member: Member, reason: CloseReason): void {
    if (member.endedBy || !this.#members.has(member)) return;
    const { metrics, log, onEnded } = this.#options;
    metrics.closes.inc({ reason });
    if (reason === 'revoked' || reason === 'refused') {
      const { connection, user } = member;
      log.warn({ audit: reason, connection: connection.id, user }, 'connection closed');
    }
    member.close(reason);
    onEnded(member);
  }

  /** The connection is gone. Safe to call twice. */
  leave(member: Member, reason: string | undefined): void {
    if (!this.#members.delete(member)) return;
    const { clock, log, metrics, onEnded, onGone } = this.#options;
    const { connection, user, transport } = member;
    onEnded(member);
    metrics.connections.dec({ protocol: connection.protocol.name, transport });
    onGone(member);
    log.info(
      { connection: connection.id, user, reason: member.endedBy ?? reason, ms: clock.now() - member.joinedAt },
      'disconnected',
    );
  }

  /** Who keeps a cursor comes back and learns by subscribing that it must reload; others have no way to be told and keep what they show. */
  lostPlace(members: ReadonlySet<Member>, keepsCursor: (member: Member) => boolean): void {
    const { clock, random } = this.#options;
    for (const member of members) {
      if (member.mustReload || !keepsCursor(member)) continue;
      member.mustReload = true;
      clock.after(random() * reloadSpreadMs, () => this.close(member, 'reload'));
    }
  }

  transportChanged(member: Member): void {
    if (!this.#members.has(member)) return;
    const { connections } = this.#options.metrics;
    const protocol = member.connection.protocol.name;
    connections.dec({ protocol, transport: member.transport });
    member.transport = member.connection.transport;
    connections.inc({ protocol, transport: member.transport });
  }

  /** However many are revoked at a time, all members are looked at once; nothing that is queued for them is written before. */
  #closeRevokedSoon(): void {
    if (this.#lookingForRevoked) return;
    this.#lookingForRevoked = true;
    queueMicrotask(() => {
      this.#lookingForRevoked = false;
      for (const member of this.#members) {
        if (this.isRevoked(member)) this.close(member, 'revoked');
      }
    });
  }
}
