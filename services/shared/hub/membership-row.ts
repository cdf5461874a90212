import { isUserId, type UserId } from '#shared/contract/ids.ts';
import type { PushRow } from '#shared/contract/push-frame.ts';

/** Whose places a row changed, and whether they are in from it on. */
export type PlacesChanged = { readonly users: readonly UserId[]; readonly isIn: boolean };

const nobody: PlacesChanged = { users: [], isIn: true };

/** Whom a row names that changed who is in a conversation. Bodies of other rows are not looked at. */
export function usersNamedIn(row: PushRow): readonly UserId[] {
  return placesChangedBy(row).users;
}

export function placesChangedBy({ kind, seq, members, body }: PushRow): PlacesChanged {
  if (kind !== 'message' || members !== seq) return nobody;
  try {
    const message = JSON.parse(Buffer.from(body).toString()) as Message;
    const action = message?.system?.action;
    const named = action === 'left' ? [message?.senderId] : message?.system?.userIds;
    if (!Array.isArray(named)) return nobody;
    return { users: named.filter(isUserId), isIn: action !== 'removed' && action !== 'left' };
  } catch {
    return nobody;
  }
}

type Message = {
  readonly senderId?: unknown;
  readonly system?: { readonly action?: unknown; readonly userIds?: unknown } | null;
} | null;
