import { isUserId, type UserId } from '#shared/contract/ids.ts';
import type { PushRow } from '#shared/contract/push-frame.ts';

/** Whom a row names that changed who is in a conversation. Bodies of other rows are not looked at. */
export function usersNamedIn({ kind, seq, members, body }: PushRow): readonly UserId[] {
  if (kind !== 'message' || members !== seq) return [];
  try {
    const message: unknown = JSON.parse(Buffer.from(body).toString());
    const named = (message as { system?: { userIds?: unknown } | null } | null)?.system?.userIds;
    return Array.isArray(named) ? named.filter(isUserId) : [];
  } catch {
    return [];
  }
}
