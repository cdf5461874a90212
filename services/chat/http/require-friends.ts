import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { FriendGraph } from '../friends/friend-graph.ts';

/** @throws PlatformError `forbidden`; `unavailable` when nobody can tell */
export async function requireFriends(friends: FriendGraph, user: UserId, others: readonly UserId[]): Promise<void> {
  const strangers = await friends.strangersAmong(user, others);
  if (strangers.length > 0) {
    throw new PlatformError('forbidden', 'you can talk only with people whom you follow and who follow you');
  }
}
