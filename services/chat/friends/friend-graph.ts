import type { UserId } from '#shared/contract/ids.ts';

/** Port: whom a user may bring into a conversation. */
export interface FriendGraph {
  /**
   * Those of `others` whom `user` may not talk to; empty: nobody.
   *
   * @throws PlatformError `unavailable` when nobody can tell at the moment
   */
  strangersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]>;
}

/** Whoever is signed in may write to anybody. */
export const everyoneIsAFriend: FriendGraph = {
  async strangersAmong() {
    return [];
  },
};
