import type { SystemMessage } from '#shared/contract/chat-dto.ts';

/** What a client shows that knows nothing of `system`: it follows the name of whoever did it. */
export function systemSentence(system: SystemMessage): string {
  switch (system.action) {
    case 'created':
      return 'started the conversation';
    case 'added':
      return `added ${people(system.userIds)}`;
    case 'removed':
      return `removed ${people(system.userIds)}`;
    case 'left':
      return 'left the conversation';
    case 'renamed':
      return `renamed the conversation to ${system.name}`;
    case 'role':
      return `made ${people(system.userIds)} ${system.role}`;
  }
}

function people(userIds: readonly string[]): string {
  return userIds.length === 1 ? '1 person' : `${userIds.length} people`;
}
