import type { StreamId, UserId } from './ids.ts';
import type { PushKind } from './push-frame.ts';

/**
 * What a service answers the hub on its own port, behind a short-lived token signed with `INTERNAL_SECRET`; the gateway
 * never routes these paths. Those of streams are POST with a JSON body and safe to repeat; `revocations` is the
 * notification service's alone: GET reads, POST revokes, DELETE lifts.
 */
export const internalPaths = {
  heads: '/internal/heads',
  changes: '/internal/changes',
  memberships: '/internal/memberships',
  membershipsSince: '/internal/memberships-since',
  members: '/internal/members',
  revocations: '/internal/revocations',
} as const;

/** Streams or requests in one call. */
export const maxInternalBatch = 500;

/** Users in one request: no JSON body of ours may hold a longer array. */
export const maxUsersAsked = 1_000;

export type StreamHead = {
  readonly stream: StreamId;
  /** Highest seq; 0 for an empty stream. */
  readonly seq: number;
  /** Highest number; 0 for an empty stream. */
  readonly number: number;
  /** See `PushRow.members`. */
  readonly members: number;
};

/** An unknown stream is an empty one. Answers keep the order of the request. */
export type HeadsRequest = { readonly streams: readonly StreamId[] };
export type HeadsAnswer = { readonly epoch: string; readonly heads: readonly StreamHead[] };

export type ChangesRequest = {
  readonly requests: readonly { readonly stream: StreamId; readonly after: number }[];
  /** Rows per stream. @default 200, at most 1,000 */
  readonly limit?: number;
};

export type ChangesOfStream = {
  readonly stream: StreamId;
  /** Ascending by seq. `body` is the argument of the client's method. */
  readonly rows: readonly {
    readonly kind: PushKind;
    readonly seq: number;
    readonly number: number;
    readonly members: number;
    readonly body: unknown;
  }[];
  /** How far this answer reads; the head when nothing is left. */
  readonly through: number;
  readonly head: { readonly seq: number; readonly number: number; readonly members: number };
  /** `after` lies above the head or below the purge floor: take the head as the new place. */
  readonly reload: boolean;
};

export type ChangesAnswer = { readonly epoch: string; readonly changes: readonly ChangesOfStream[] };

export type MembershipsRequest = { readonly user: string };
/** Streams that the user belongs to beyond the own notifications. */
export type MembershipsAnswer = { readonly epoch: string; readonly memberships: readonly StreamMembership[] };

export type StreamMembership = {
  readonly stream: StreamId;
  /** As of this version (`PushRow.members`) or a later one. */
  readonly version: number;
  /** Rows come on the stream's own channel, not on those of its members. */
  readonly large: boolean;
};

/** `since`: the `token` of the last answer, also where that was about other users; null: there was none. */
export type MembershipsSinceRequest = { readonly users: readonly UserId[]; readonly since: string | null };
export type MembershipsSinceAnswer = {
  readonly token: string;
  /** What users have come into or gone out of since then, as it is now; other places of theirs may be named too. */
  readonly memberships: readonly { readonly user: UserId; readonly stream: StreamId; readonly isIn: boolean }[];
  /** What is new can not be told, as after a restore: read all of each user's. */
  readonly reload: boolean;
};

/** Who of `users` is in the stream now; all streams exist and belong to the service that is asked. */
export type MembersRequest = {
  readonly requests: readonly { readonly stream: StreamId; readonly users: readonly UserId[] }[];
};
/** In the order of the request. `all`: everybody, where the conversation is not large. */
export type MembersAnswer = {
  readonly epoch: string;
  readonly members: readonly (StreamMembership & {
    readonly users: readonly UserId[];
    readonly all: readonly UserId[] | null;
  })[];
};

/** Port: how the hub reads streams; over HTTP between processes, a direct call in one process. Throws `unavailable`. */
export interface StreamSource {
  heads(request: HeadsRequest): Promise<HeadsAnswer>;
  changes(request: ChangesRequest): Promise<ChangesAnswer>;
  memberships(request: MembershipsRequest): Promise<MembershipsAnswer>;
  membershipsSince(request: MembershipsSinceRequest): Promise<MembershipsSinceAnswer>;
  members(request: MembersRequest): Promise<MembersAnswer>;
}
