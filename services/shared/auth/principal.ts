import type { UserId } from '#shared/contract/ids.ts';

/** Who a verified token speaks for. */
export type Principal = {
  readonly user: UserId;
  /** The token's `jti`. */
  readonly tokenId: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
};
