import type { UserId } from '#shared/contract/ids.ts';
import type { ChatRow } from './message-row.ts';

/** Whose place in the conversation the row tells to have changed. */
export function movedBy(row: ChatRow): readonly UserId[] {
  if (row.kind !== 'message' || !row.system) return [];
  switch (row.system.action) {
    case 'added':
    case 'removed':
      return row.system.userIds;
    case 'left':
      return [row.senderId];
    case 'created':
    case 'renamed':
    case 'role':
      return [];
  }
}
