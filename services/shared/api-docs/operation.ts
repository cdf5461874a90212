import type { z } from 'zod';
import type { ErrorCode } from '#shared/contract/errors.ts';

/** What operations are about. */
export const tags = {
  notifications: 'Who did what with the own posts and comments.',
  conversations: 'Private ones of two people, and groups.',
  participants: 'Who is in a conversation, and what they may do.',
  messages: 'What is said, changed, deleted and read.',
} as const;

/** What a route says of itself: its schemas parse the requests, and the document is made of them. */
export type Operation = {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As express writes it, `/api/things/:id`. */
  readonly path: string;
  /** Unique in the platform. */
  readonly name: string;
  readonly tag: keyof typeof tags;
  /** One line. */
  readonly summary: string;
  /** Every name in the path. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** What a success answers, by status. */
  readonly answers: Partial<Record<200 | 201, z.ZodType>>;
  /** Headers of a success that it may lack, and what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Codes beyond those of every route. */
  readonly refuses: readonly ErrorCode[];
};

/** Nobody is signed in, the query is malformed, the gateway counts too many, or a server is away. */
export const refusesAlways = ['bad_request', 'unauthorized', 'rate_limited', 'internal', 'unavailable'] as const;

/** Where there is a body to refuse. */
export const refusesBodies = ['too_large', 'unsupported_media_type'] as const;
